//! Reads what a device requests (RFC 8628 §3.3).

use serde::{Deserialize, Serialize};

use super::device::{DeviceState, DeviceView};
use super::{DecisionError, Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// Asks for the device's request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LookUp;

impl Command for LookUp {
    const NAME: &'static str = "LookUp";
    const REPLY: Option<&'static str> = Some("Device");
    type Machine = Grant;
    type Reply = Box<DeviceView>;
    type Error = DecisionError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        Step::unchanged(match before.state {
            Some(GrantState::Device(DeviceState::Waiting(waiting))) => {
                let waiting = waiting.undecided(now).ok_or(DecisionError::ExpiredToken);
                waiting.map(|waiting| Box::new(waiting.view()))
            }
            Some(GrantState::Device(_) | GrantState::Live(_)) => Err(DecisionError::Decided),
            Some(GrantState::Code(_) | GrantState::Ended { .. }) | None => {
                Err(DecisionError::Unknown)
            }
        })
    }
}
