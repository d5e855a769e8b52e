//! A grant of the previous release reports that its code was redeemed.

use serde::{Deserialize, Serialize};

use super::grant_stands::noted;
use super::held::rows_of;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::NoAccount;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::time::Timestamp;

/// The ID of the grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantRedeemed(pub String);

impl Command for GrantRedeemed {
    const NAME: &'static str = "GrantRedeemed";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = NoAccount;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        rows_of(&self.0).to_vec()
    }

    fn decide(self, before: Before<Account>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        existing(before, |_, rows| Ok(noted(rows, &self.0, true, None).reply(Ok(()))))
    }
}
