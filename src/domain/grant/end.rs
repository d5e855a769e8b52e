//! The account ends the grant.

use super::device::{Decision, DeviceState};
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, NoError, Notice, Step};
use crate::domain::notice::to_grant::{End, EndExpected};
use crate::domain::time::Timestamp;

impl Notice for End {}

impl Command for End {
    const NAME: &'static str = "End";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Grant>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(state) => end(state).reply(Ok(())),
            None => Step::unchanged(Ok(())),
        }
    }
}

impl Notice for EndExpected {}

impl Command for EndExpected {
    const NAME: &'static str = "EndExpected";
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(state) => end(state).reply(Ok(())),
            None if self.until <= now => Step::unchanged(Ok(())),
            None => Step::written(GrantState::Ended { until: self.until }, Ok(())),
        }
    }
}

fn end(state: GrantState) -> Change<Grant> {
    match state {
        // The account ended the grant before the device's request learned of its approval.
        GrantState::Device(DeviceState::Waiting(waiting)) => {
            Change::written(GrantState::Device(waiting.decide(Decision::Deny)))
        }
        GrantState::Device(DeviceState::Denied(_)) | GrantState::Ended { .. } => Change::none(),
        state => state.end(),
    }
}
