//! Temporarily maps the ID of a session at a provider to an account.

use super::{Identifier, IdentifierError, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step, as_array};
use crate::domain::time::Timestamp;

/// The mapping.
#[derive(Clone, Debug)]
pub struct Lend {
    /// The account's ID.
    pub account: String,
    /// When the mapping ends.
    pub until: Timestamp,
}

as_array!(Lend { account, until });

impl Command for Lend {
    const NAME: &'static str = "Lend";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Identifier;
    type Reply = ();
    type Error = IdentifierError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { account, until } = self;
        match Owner::as_of(before.state, now) {
            None | Some(Owner::Lent { .. }) => {
                Step::written(Owner::Lent { account, until }, Ok(()))
            }
            Some(Owner::Nobody(_) | Owner::Claimed { .. } | Owner::Owned { .. }) => {
                Step::unchanged(Err(IdentifierError::Taken))
            }
        }
    }
}
