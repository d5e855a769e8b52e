//! What a grant tells its account by an effect.

use serde::Serialize;

use super::AccountCommand;
use crate::domain::time::Timestamp;

/// A command from a grant. An effect is stored until it is performed, and an [`AccountCommand`] can contain a password:
/// so only those that are made here can be sent by an effect.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct AccountNotice(AccountCommand);

impl AccountNotice {
    /// [`AccountCommand::GrantEnded`].
    pub fn grant_ended(grant_id: String) -> Self {
        Self(AccountCommand::GrantEnded(grant_id))
    }

    /// [`AccountCommand::GrantRedeemed`].
    pub fn grant_redeemed(grant_id: String) -> Self {
        Self(AccountCommand::GrantRedeemed(grant_id))
    }

    /// [`AccountCommand::AccessTokenRevoked`].
    pub fn access_token_revoked(grant_id: String, jti: String, expires_at: Timestamp) -> Self {
        Self(AccountCommand::AccessTokenRevoked { grant_id, jti, expires_at })
    }
}
