//! The user approves or denies a device (RFC 8628 §3.3).

use serde::{Deserialize, Serialize};

use super::device::{Decision, DeviceState};
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The user's decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decide(pub Box<Decision>);

/// Why the decision is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DecisionError {
    /// No such request.
    #[error("the request does not exist")]
    Unknown,
    /// The request has expired.
    #[error("the device code has expired")]
    ExpiredToken,
    /// The request was approved or denied before.
    #[error("the request was already approved or denied")]
    Decided,
}

impl Command for Decide {
    const NAME: &'static str = "Decide";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = DecisionError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let decided = match before.state {
            Some(GrantState::Device(DeviceState::Waiting(waiting))) => {
                return match waiting.undecided(now) {
                    Some(waiting) => {
                        let event = match &*self.0 {
                            Decision::Approve(authorization) => authorization
                                .concerned(Event::device_approved(&authorization.client_id)),
                            Decision::Deny => Event::device_denied(&waiting.client_id),
                        };
                        let state = GrantState::Device(waiting.decide(*self.0));
                        Step::written(state, Ok(())).records(Some(event))
                    }
                    None => Step::unchanged(Err(DecisionError::ExpiredToken)),
                };
            }
            Some(GrantState::Device(DeviceState::Approved(approved))) => approved.authorization,
            // The device has its tokens.
            Some(GrantState::Live(live)) => live.authorization,
            Some(GrantState::Device(DeviceState::Denied(_))) => {
                return Step::unchanged(Err(DecisionError::Decided));
            }
            Some(GrantState::Code(_) | GrantState::Ended { .. }) | None => {
                return Step::unchanged(Err(DecisionError::Unknown));
            }
        };
        // The same user may send the same decision twice.
        let repeats = self.0.repeats(&decided);
        Step::unchanged(repeats.then_some(()).ok_or(DecisionError::Decided))
    }
}
