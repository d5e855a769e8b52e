//! A grant reports that one of its access tokens was revoked.

use super::held::{GrantError, find, rows_of};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Notice, RowKeys, Step};
use crate::domain::notice::to_account::AccessTokenRevoked;
use crate::domain::time::Timestamp;

impl Notice for AccessTokenRevoked {}

impl Command for AccessTokenRevoked {
    const NAME: &'static str = "AccessTokenRevoked";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = GrantError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        rows_of(&self.grant_id).to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { grant_id, jti, expires_at } = self;
        existing(before, |_, rows| {
            let held = find(rows, &grant_id).ok_or(GrantError::NoGrant)?;
            let grant = held.grant.clone().without(jti, expires_at, now);
            Ok(held.replace(Change::none(), Some(grant)).reply(Ok(())))
        })
    }
}
