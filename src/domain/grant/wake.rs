//! The alarm: forget what has expired.

use serde::{Deserialize, Serialize};

use super::device::DeviceState;
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Next, NoError, Step};
use crate::domain::time::Timestamp;

/// The alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wake;

impl Command for Wake {
    const NAME: &'static str = "Wake";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let change = match before.state {
            None => Change::to(Next::Forgotten),
            Some(GrantState::Ended { until }) if until <= now => Change::to(Next::Forgotten),
            Some(GrantState::Device(device)) if device.is_over(now) => match device {
                DeviceState::Approved(_) => GrantState::Device(device).end(),
                DeviceState::Waiting(_) | DeviceState::Denied(_) => Change::to(Next::Forgotten),
            },
            Some(GrantState::Live(live)) => live.wake(now),
            Some(GrantState::Code(_) | GrantState::Device(_) | GrantState::Ended { .. }) => {
                Change::none()
            }
        };
        change.reply(Ok(()))
    }
}
