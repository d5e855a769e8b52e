//! Reports to the account whether the grant has ended.

use super::device::DeviceState;
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Address, Before, Change, Command, Effect, NoError, Notice, Step};
use crate::domain::notice::to_account::{GrantEnded, GrantStands};
use crate::domain::notice::to_grant::Report;
use crate::domain::time::Timestamp;

impl Notice for Report {}

impl Command for Report {
    const NAME: &'static str = "Report";
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        report(self, before.state, now).reply(Ok(()))
    }
}

/// Reports the state of the grant to the account, and deletes it if it has ended.
pub(super) fn report(asked: Report, state: Option<GrantState>, now: Timestamp) -> Change<Grant> {
    let Report { account, grant_id, is_expected } = asked;
    let to = Address::Id(account.clone());
    let stands = match &state {
        Some(GrantState::Code(code)) => Some((false, code.expires_at)),
        Some(GrantState::Live(live)) => Some((true, live.over_at())),
        Some(GrantState::Device(DeviceState::Approved(approved))) => {
            Some((false, approved.expires_at()))
        }
        // The object serves another request of a device, or nothing.
        Some(GrantState::Device(_) | GrantState::Ended { .. }) | None => None,
    };
    let is_its_own = state.as_ref().and_then(GrantState::authorization).is_some_and(|own| {
        // A user code names the object of a device's grant, and can later serve another user.
        own.account == account && own.grant_id == grant_id
    });
    match stands.filter(|_| is_its_own) {
        Some((redeemed, over_at)) if now < over_at => {
            let notice = GrantStands { grant_id, redeemed, over_at };
            Change::none().wants(Effect::send(to, &notice))
        }
        Some(_) => state.map_or_else(Change::none, |state| state.end()),
        None if is_expected && may_be_expecting(state.as_ref()) => Change::none(),
        None => Change::none().wants(Effect::send(to, &GrantEnded(grant_id))),
    }
}

/// Whether a code or an approval can still reach the object.
fn may_be_expecting(state: Option<&GrantState>) -> bool {
    matches!(state, None | Some(GrantState::Device(DeviceState::Waiting(_))))
}
