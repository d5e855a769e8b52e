//! Confirms the claim: the account was created and owns the address.

use serde::{Deserialize, Serialize};

use super::{Identifier, IdentifierError, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Notice, Step};
use crate::domain::time::Timestamp;

/// The account's ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Confirm(pub String);

impl Notice for Confirm {}

impl Command for Confirm {
    const NAME: &'static str = "Confirm";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Identifier;
    type Reply = ();
    type Error = IdentifierError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(made) = self;
        match Owner::as_of(before.state, now) {
            None | Some(Owner::Nobody(_)) => Step::written(Owner::Owned { account: made }, Ok(())),
            Some(
                Owner::Claimed { account, .. }
                | Owner::Lent { account, .. }
                | Owner::Owned { account },
            ) => {
                if account == made {
                    Step::written(Owner::Owned { account }, Ok(()))
                } else {
                    Step::unchanged(Err(IdentifierError::Taken))
                }
            }
        }
    }
}
