//! A grant reports that it has ended.

use super::held::{find, rows_of};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::NoAccount;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Notice, RowKeys, Step};
use crate::domain::notice::to_account::GrantEnded;
use crate::domain::time::Timestamp;

impl Notice for GrantEnded {}

impl Command for GrantEnded {
    const NAME: &'static str = "GrantEnded";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = NoAccount;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        rows_of(&self.0).to_vec()
    }

    fn decide(self, before: Before<Account>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        existing(before, |mut person, rows| {
            // A repeated report must not be counted twice.
            let Some(held) = find(rows, &self.0) else { return Ok(Step::unchanged(Ok(()))) };
            person.count(|counts| counts.grants = counts.grants.saturating_sub(1));
            Ok(held.replace(person.remembered(), None).reply(Ok(())))
        })
    }
}
