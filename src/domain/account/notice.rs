//! The commands that a grant sends to its account by an effect.

use serde::Serialize;

use super::AccountCommand;
use crate::domain::machine::{Class, Notice};
use crate::domain::time::Timestamp;

/// A command from a grant. Effects are stored until they are performed, and an [`AccountCommand`] can contain a password.
/// So an effect can send only the commands that this type can hold.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct AccountNotice(AccountCommand);

impl Notice for AccountNotice {
    const CLASS: Class = Class::Account;
}

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
