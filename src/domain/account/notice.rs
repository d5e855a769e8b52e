//! The commands that a grant sends to its account by an effect.

use serde::{Deserialize, Serialize};

use super::{Account, AccountCommand, AccountError, AccountReply, Person};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Notice, RowKeys, Step};
use crate::domain::time::Timestamp;

/// A command from a grant. Effects are stored until they are performed, and an [`AccountCommand`] can contain a password.
/// So an effect can send only the commands that this type can hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountNotice(AccountCommand);

impl Notice for AccountNotice {}

impl Command for AccountNotice {
    const NAME: &'static str = "";
    type Machine = Account;
    type Reply = AccountReply;
    type Error = AccountError;

    fn rows(&self, state: Option<&Person>, now: Timestamp) -> Vec<RowKeys> {
        self.0.rows(state, now)
    }

    fn decide(self, before: Before<Account>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let Step { change, reply } = self.0.decide(before, now, entropy);
        Step { change, reply }
    }

    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
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
