//! Reads whether a connection works.

use serde::{Deserialize, Serialize};

use super::{Broken, BrokenConnection, Connection, Live, Refreshing, State};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step, as_array};
use crate::domain::time::Timestamp;
use crate::protocol::scope::Scope;

/// Asks whether the connection works.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Read;

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the account is called at the provider: an address or a name.
    pub label: String,
    /// The scopes that the provider granted.
    pub scope: Scope,
    /// Why it doesn't work; `None` if it does.
    pub broken: Option<Broken>,
}

as_array!(Standing { label, scope, broken });

/// Why there is no state to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ReadError {
    /// Nothing is connected.
    #[error("no account of this provider is connected")]
    NotConnected,
}

impl Command for Read {
    const NAME: &'static str = "Read";
    const REPLY: Option<&'static str> = Some("Standing");
    type Machine = Connection;
    type Reply = Standing;
    type Error = ReadError;

    fn decide(self, before: Before<Connection>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        Step::unchanged(match before.state {
            Some(State::Live(live) | State::Refreshing(Refreshing(live))) => Ok(live.into()),
            Some(State::Broken(BrokenConnection { parties, scope, why })) => {
                Ok(Standing { label: parties.label, scope, broken: Some(why) })
            }
            None => Err(ReadError::NotConnected),
        })
    }
}

impl From<Live> for Standing {
    fn from(live: Live) -> Self {
        let broken = live.unopenable.then_some(Broken::Unopenable);
        Self { label: live.parties.label, scope: live.scope, broken }
    }
}
