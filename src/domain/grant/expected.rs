//! A grant whose code is on its way: it may be redeemed, or nobody comes.

use serde::{Deserialize, Serialize};

use super::{GrantCommand, GrantError, GrantReply, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Next, Step};
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::scope::Scope;

/// How long a request or a code may be on its way to the grant: longer than any code lives.
const ON_THE_WAY: Seconds = Seconds(60 * 60);

/// What an object knows of a code. Only the alarm is stored, which removes the object if nobody comes; one
/// that has lost its memory does the same with a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expected {
    until: Timestamp,
    /// What the person has taken back since the code was sent; this is stored.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    without: Scope,
}

impl Expected {
    /// What an object knows that remembers nothing.
    pub(super) fn unknown(now: Timestamp) -> Self {
        Self { until: now.plus(ON_THE_WAY), without: Scope::default() }
    }

    /// When nobody comes any more.
    pub(super) fn until(&self) -> Timestamp {
        self.until
    }

    pub(super) fn step(
        mut self,
        command: GrantCommand,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Step<GrantCommand> {
        let done = Ok(GrantReply::Done);
        match command {
            GrantCommand::Expect(until) => {
                self.until = until;
                Step::to(Next::Awaited(GrantState::Expected(self)), done)
            }
            GrantCommand::Redeem(redemption) => {
                match redemption.redeem(&self.without, now, entropy) {
                    Ok((live, issue)) => {
                        let reply = Ok(GrantReply::Issue(Box::new(issue)));
                        Step::written(GrantState::Live(live), reply)
                    }
                    Err(error) => Step::unchanged(Err(error)),
                }
            }
            GrantCommand::Narrow(scope) => {
                self.without.insert(&scope);
                Step::written(GrantState::Expected(self), done)
            }
            GrantCommand::End => {
                let until = now.plus(ON_THE_WAY);
                Step::written(GrantState::Ended { until }, done)
            }
            GrantCommand::Wake if self.until <= now => Step::to(Next::Forgotten, done),
            GrantCommand::Wake => Step::unchanged(done),
            GrantCommand::Request(_) => Step::unchanged(Err(GrantError::Occupied)),
            _ => Step::unchanged(Err(GrantError::Unknown)),
        }
    }
}
