//! Revokes tokens that the provider issued and this server doesn't keep.

use super::{Connection, ConnectionWants, Parties, SealedTokens};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, NoError, Step, as_array};
use crate::domain::time::Timestamp;

/// The tokens to revoke.
#[derive(Clone, Debug)]
pub struct GiveBack {
    /// The two accounts.
    pub parties: Parties,
    /// What the provider issued.
    pub tokens: SealedTokens,
}

as_array!(GiveBack { parties, tokens });

impl Command for GiveBack {
    const NAME: &'static str = "GiveBack";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Connection;
    type Reply = ();
    type Error = NoError;

    fn decide(self, _: Before<Connection>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        Step::unchanged(Ok(())).wants([ConnectionWants::revoke(self.tokens, &self.parties)])
    }
}
