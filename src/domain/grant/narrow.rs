//! The account removes a scope from the grant.

use super::device::{Decision, DeviceState};
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, NoError, Notice, Step};
use crate::domain::notice::to_grant::{Narrow, NarrowExpected};
use crate::domain::time::Timestamp;

impl Notice for Narrow {}

impl Command for Narrow {
    const NAME: &'static str = "Narrow";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Grant>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        before.state.map_or_else(Change::none, |state| narrow(state, &self.0)).reply(Ok(()))
    }
}

impl Notice for NarrowExpected {}

impl Command for NarrowExpected {
    const NAME: &'static str = "NarrowExpected";
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let change = match before.state {
            // The user approved the device and removed the scope before the device's request learned of the approval.
            Some(GrantState::Device(DeviceState::Waiting(waiting))) => {
                Change::written(GrantState::Device(waiting.decide(Decision::Deny)))
            }
            Some(state) => narrow(state, &self.scope),
            None if self.until <= now => Change::none(),
            None => Change::written(GrantState::Ended { until: self.until }),
        };
        change.reply(Ok(()))
    }
}

fn narrow(mut state: GrantState, taken_back: &str) -> Change<Grant> {
    let authorization = match &mut state {
        GrantState::Code(code) => &mut code.authorization,
        GrantState::Device(DeviceState::Approved(approved)) => &mut approved.authorization,
        GrantState::Live(live) => &mut live.authorization,
        GrantState::Device(_) | GrantState::Ended { .. } => return Change::none(),
    };
    authorization.scope = authorization.scope.filter(|token| token != taken_back);
    Change::written(state)
}
