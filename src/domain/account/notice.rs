//! What a grant tells its account.

use super::{Account, AccountCommand, AccountError, AccountReply, Person};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Notice, RowKeys, Step};
use crate::domain::notice::to_account::{AccessTokenRevoked, GrantEnded, GrantStands};
use crate::domain::time::Timestamp;

macro_rules! notice {
    ($notice:ident, $self:ident => $command:expr) => {
        impl Notice for $notice {}

        impl Command for $notice {
            const NAME: &'static str = stringify!($notice);
            type Machine = Account;
            type Reply = AccountReply;
            type Error = AccountError;

            fn rows(&self, state: Option<&Person>, now: Timestamp) -> Vec<RowKeys> {
                let $self = self.clone();
                $command.rows(state, now)
            }

            fn decide(
                self,
                before: Before<Account>,
                now: Timestamp,
                entropy: &dyn Entropy,
            ) -> Step<Self> {
                let $self = self;
                let Step { change, reply } = $command.decide(before, now, entropy);
                Step { change, reply }
            }
        }
    };
}
notice!(GrantEnded, notice => AccountCommand::GrantEnded(notice.0));
notice!(GrantStands, notice => AccountCommand::GrantStands {
    grant_id: notice.grant_id,
    redeemed: notice.redeemed,
    over_at: notice.over_at,
});
notice!(AccessTokenRevoked, notice => AccountCommand::AccessTokenRevoked {
    grant_id: notice.grant_id,
    jti: notice.jti,
    expires_at: notice.expires_at,
});
