//! Stores a device authorization request (RFC 8628 §3.1).

use serde::{Deserialize, Serialize};

use super::device::{DeviceGrant, DeviceState};
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The request to store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request(pub Box<DeviceGrant>);

/// The user code is in use for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Occupied {
    /// The caller must choose another user code.
    #[error("the user code is in use")]
    Occupied,
}

impl Command for Request {
    const NAME: &'static str = "Request";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = Occupied;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let is_free = match &before.state {
            None => true,
            Some(GrantState::Device(device)) => device.is_over(now),
            Some(_) => false,
        };
        if is_free {
            let state = DeviceState::Waiting(*self.0);
            Step::written(GrantState::Device(state), Ok(()))
        } else {
            Step::unchanged(Err(Occupied::Occupied))
        }
    }
}
