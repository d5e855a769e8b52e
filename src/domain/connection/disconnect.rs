//! Disconnects the account: the tokens are revoked at the provider and deleted here.

use serde::{Deserialize, Serialize};

use super::{Connection, Refreshing, State};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, NoError, Notice, Step};
use crate::domain::time::Timestamp;

/// The command, which the account sends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Disconnect;

impl Notice for Disconnect {}

impl Command for Disconnect {
    const NAME: &'static str = "Disconnect";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Connection;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Connection>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let revoked = match before.state {
            Some(State::Live(live) | State::Refreshing(Refreshing(live))) => Some(live.revoke()),
            Some(State::Broken(_)) | None => None,
        };
        Step::to(Next::Forgotten, Ok(())).wants(revoked)
    }
}
