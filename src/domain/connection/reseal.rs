//! Replaces the stored access token by the same one, sealed with the current secret. Ignored if the connection has
//! another access token by now.

use serde::{Deserialize, Serialize};

use super::{Connection, Live, State};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, NoError, Step};
use crate::domain::time::Timestamp;

/// The stored text, and the text that replaces it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reseal {
    /// The stored token, sealed with the previous secret.
    pub from: String,
    /// The same token, sealed with the current secret.
    pub to: String,
}

impl Command for Reseal {
    const NAME: &'static str = "Reseal";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Connection;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Connection>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(State::Live(live)) if live.access_token == self.from => {
                Step::written(State::Live(Live { access_token: self.to, ..live }), Ok(()))
            }
            _ => Step::unchanged(Ok(())),
        }
    }
}
