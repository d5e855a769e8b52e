//! Releases the address: the account was deleted or gave the address up.

use serde::{Deserialize, Serialize};

use super::{Identifier, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, NoError, Notice, Step};
use crate::domain::time::Timestamp;

/// The account's ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Release(pub String);

impl Notice for Release {}

impl Command for Release {
    const NAME: &'static str = "Release";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Identifier;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match Owner::as_of(before.state, now) {
            Some(Owner::Claimed { account, .. } | Owner::Owned { account })
                if account == self.0 =>
            {
                Step::to(Next::Forgotten, Ok(()))
            }
            _ => Step::unchanged(Ok(())),
        }
    }
}
