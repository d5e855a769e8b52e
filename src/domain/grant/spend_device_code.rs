//! An access token issued for a device code was used, so its response arrived: the code is spent.

use serde::{Deserialize, Serialize};

use super::live::LiveGrant;
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Step};
use crate::domain::time::Timestamp;

/// The message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpendDeviceCode;

/// There is no such grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Unknown {
    /// No such grant, or no longer.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
}

impl Command for SpendDeviceCode {
    const NAME: &'static str = "SpendDeviceCode";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = Unknown;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(GrantState::Live(live)) => spend_device_code(*live, now).reply(Ok(())),
            _ => Step::unchanged(Err(Unknown::Unknown)),
        }
    }
}

/// Spends the device code: a token was used, so the response has arrived. Writes this, because the code
/// must stay spent if memory is lost; once the response can't be repeated any more, writes nothing.
pub(super) fn spend_device_code(mut live: LiveGrant, now: Timestamp) -> Change<Grant> {
    match live.redeemed_code.take() {
        Some(code) if now < code.token.until => Change::written(GrantState::Live(Box::new(live))),
        _ => Change::none(),
    }
}
