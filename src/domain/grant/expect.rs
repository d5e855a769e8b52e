//! Stores an authorization code before it is sent to the client. From then on it can be redeemed.

use serde::{Deserialize, Serialize};

use super::code::PendingCode;
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The code to store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expect(pub Box<PendingCode>);

/// Why a code can't be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ExpectError {
    /// The session, the client's access or the account ended before the code was stored.
    #[error("the grant was ended before its code was sent")]
    Withdrawn,
    /// The object serves another grant already.
    #[error("the object already stores another grant")]
    Occupied,
}

impl Command for Expect {
    const NAME: &'static str = "ExpectCode";
    type Machine = Grant;
    type Reply = ();
    type Error = ExpectError;

    fn decide(self, before: Before<Grant>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            None => Step::written(GrantState::Code(self.0), Ok(())),
            Some(GrantState::Ended { .. }) => Step::unchanged(Err(ExpectError::Withdrawn)),
            Some(_) => Step::unchanged(Err(ExpectError::Occupied)),
        }
    }
}
