//! Withdraws a claim: the account wasn't created, or doesn't take the address after all. Unlike
//! [`Release`](super::Release), this never releases an address that the account has confirmed in the meantime.

use serde::{Deserialize, Serialize};

use super::{Identifier, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, NoError, Step};
use crate::domain::time::Timestamp;

/// The account's ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unclaim(pub String);

impl Command for Unclaim {
    const NAME: &'static str = "Unclaim";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Identifier;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match Owner::as_of(before.state, now) {
            Some(Owner::Claimed { account, .. }) if account == self.0 => {
                Step::to(Next::Forgotten, Ok(()))
            }
            _ => Step::unchanged(Ok(())),
        }
    }
}
