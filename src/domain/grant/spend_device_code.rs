//! Spends a device code: an access token issued for it was used, so its response has arrived.

use serde::{Deserialize, Serialize};

use super::live::LiveGrant;
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Step};
use crate::domain::time::Timestamp;

/// Reports that an access token of this grant was used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpendDeviceCode;

/// Why the device code can't be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Unknown {
    /// The grant doesn't exist or has ended.
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

/// Spends the device code, since a token was used and the response has arrived. This is written, because the code must
/// stay spent if the memory is lost. If the response can no longer be repeated anyway, nothing is written.
pub(super) fn spend_device_code(mut live: LiveGrant, now: Timestamp) -> Change<Grant> {
    match live.redeemed_code.take() {
        Some(code) if now < code.token.until => Change::written(GrantState::Live(Box::new(live))),
        _ => Change::none(),
    }
}
