//! Claims the address for an account that is about to be created.

use serde::{Deserialize, Serialize};

use super::state::CLAIM;
use super::{Identifier, IdentifierError, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The account's ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim(pub String);

impl Command for Claim {
    const NAME: &'static str = "Claim";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Identifier;
    type Reply = ();
    type Error = IdentifierError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(claimant) = self;
        match Owner::as_of(before.state, now) {
            None | Some(Owner::Nobody(_)) => {
                let until = now.plus(CLAIM);
                let claimed = Owner::Claimed { account: claimant, until, browser: None };
                Step::written(claimed, Ok(()))
            }
            Some(Owner::Claimed { account, browser, .. }) if account == claimant => {
                // A repeated claim gets the full time again.
                let until = now.plus(CLAIM);
                Step::written(Owner::Claimed { account, until, browser }, Ok(()))
            }
            Some(Owner::Claimed { .. } | Owner::Lent { .. } | Owner::Owned { .. }) => {
                Step::unchanged(Err(IdentifierError::Taken))
            }
        }
    }
}
