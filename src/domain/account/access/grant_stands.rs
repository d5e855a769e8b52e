//! A grant answers that it has not ended.

use super::grant::GrantRecord;
use super::held::{find, rows_of};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::NoAccount;
use crate::domain::account::rows::Rows;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Notice, RowKeys, Step};
use crate::domain::notice::to_account::GrantStands;
use crate::domain::time::Timestamp;

impl Notice for GrantStands {}

impl Command for GrantStands {
    const NAME: &'static str = "GrantStands";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = NoAccount;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        rows_of(&self.grant_id).to_vec()
    }

    fn decide(self, before: Before<Account>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { grant_id, redeemed, over_at } = self;
        existing(
            before,
            |_, rows| Ok(noted(rows, &grant_id, redeemed, Some(over_at)).reply(Ok(()))),
        )
    }
}

/// Stores what a grant reported, if that is new.
pub fn noted(
    rows: &Rows,
    grant_id: &str,
    redeemed: bool,
    over_at: Option<Timestamp>,
) -> Change<Account> {
    let Some(held) = find(rows, grant_id) else { return Change::none() };
    let known = held.grant;
    let over_at = over_at.or(known.over_at);
    if (known.redeemed || !redeemed) && known.over_at == over_at {
        return Change::none();
    }
    let redeemed = known.redeemed || redeemed;
    held.replace(Change::none(), Some(GrantRecord { redeemed, over_at, ..known.clone() }))
}
