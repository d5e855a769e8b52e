//! A refresh came back, or did not.

use serde::{Deserialize, Serialize};

use super::{Connection, SealedTokens, State};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, NoError, Step, as_array};
use crate::domain::time::Timestamp;

/// What came of a refresh.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The new tokens.
    pub tokens: Result<SealedTokens, RefreshFailure>,
    /// How often the refresh was sent.
    pub sent: u32,
}

as_array!(Refreshed { tokens, sent });

/// Why a refresh brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefreshFailure {
    /// The provider refused, and will again.
    Refused,
    /// The provider did not answer, or could not: nobody knows whether it took the refresh.
    Unanswered,
    /// Nothing was sent, or the provider says that it took nothing.
    NotSent,
    /// Nothing was sent, because the refresh token was sealed with a secret that this deployment doesn't have.
    Unopenable,
}

impl Command for Refreshed {
    const NAME: &'static str = "Refreshed";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Connection;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Connection>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let change = match (before.state, self.tokens) {
            (Some(State::Refreshing(refreshing)), Ok(tokens)) => refreshing.succeed(tokens, now),
            (Some(State::Refreshing(refreshing)), Err(failure)) => {
                Change::written(refreshing.fail(failure, self.sent, now))
            }
            (Some(State::Live(_) | State::Broken(_)) | None, _) => Change::none(),
        };
        change.reply(Ok(()))
    }
}
