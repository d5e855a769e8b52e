//! Reads which account owns the address, for callers that don't verify a password.

use serde::{Deserialize, Serialize};

use super::{Identifier, LeadsTo, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, NoError, Step};
use crate::domain::time::Timestamp;

/// Asks to which account the address leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Read;

impl Command for Read {
    const NAME: &'static str = "Read";
    type Machine = Identifier;
    type Reply = LeadsTo;
    type Error = NoError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        Step::unchanged(Ok(match Owner::as_of(before.state, now) {
            Some(Owner::Owned { account } | Owner::Lent { account, .. }) => {
                LeadsTo::Account(account)
            }
            Some(Owner::Nobody(_) | Owner::Claimed { .. }) | None => LeadsTo::Nobody,
        }))
    }
}
