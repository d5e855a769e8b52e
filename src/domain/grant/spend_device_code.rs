//! An access token issued for a device code was used, so its response arrived: the code is spent.

use serde::{Deserialize, Serialize};

use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
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
            Some(GrantState::Live(live)) => live.spend_device_code(now).reply(Ok(())),
            _ => Step::unchanged(Err(Unknown::Unknown)),
        }
    }
}
