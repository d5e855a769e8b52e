//! The alarm: deletes what has expired.

use serde::{Deserialize, Serialize};

use super::device::DeviceState;
use super::live::LiveGrant;
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Next, NoError, Step};
use crate::domain::time::Timestamp;

/// The command of the alarm.
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
            Some(GrantState::Live(live)) => wake(*live, now),
            Some(GrantState::Code(_) | GrantState::Device(_) | GrantState::Ended { .. }) => {
                Change::none()
            }
        };
        change.reply(Ok(()))
    }
}

/// Handles the alarm that an earlier release set for a live grant.
fn wake(mut live: LiveGrant, now: Timestamp) -> Change<Grant> {
    let over_at = live.over_at();
    if live.wakes_at.is_none() {
        return Change::none();
    }
    if now < over_at {
        live.wakes_at = Some(over_at);
        return Change::written(GrantState::Live(Box::new(live)));
    }
    // The account knows when a grant ends at the latest, but not that a grant has ended because nobody refreshed it.
    let is_idle = live.family.is_some() && now < live.ends_at;
    if is_idle { GrantState::Live(Box::new(live)).end() } else { Change::to(Next::Forgotten) }
}
