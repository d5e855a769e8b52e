//! The state of a grant.

use serde::{Deserialize, Serialize};

use super::Authorization;
use super::code::PendingCode;
use super::device::DeviceState;
use super::live::LiveGrant;
use crate::domain::machine::{Address, Change, Effect, EffectOf, Next, Notice};
use crate::domain::notice::to_account::GrantEnded;
use crate::domain::time::Timestamp;

/// The machine.
#[derive(Debug)]
pub struct Grant;

/// The state of a grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "no more than one is in memory at a time")]
pub enum GrantState {
    /// An authorization code was issued that can be redeemed.
    Code(Box<PendingCode>),
    /// A device authorization request.
    Device(DeviceState),
    /// Tokens were issued.
    Live(Box<LiveGrant>),
    /// The grant was ended before its code reached this object. A code that still arrives is refused.
    Ended {
        /// When the code can't arrive any more, so that this can be deleted.
        until: Timestamp,
    },
}

impl GrantState {
    /// What the user allowed; `None` before a decision or after the end.
    pub(super) fn authorization(&self) -> Option<&Authorization> {
        match self {
            Self::Code(code) => Some(&code.authorization),
            Self::Device(DeviceState::Approved(approved)) => Some(&approved.authorization),
            Self::Live(live) => Some(&live.authorization),
            Self::Device(_) | Self::Ended { .. } => None,
        }
    }

    /// Deletes the grant and tells its account.
    pub(super) fn end(&self) -> Change<Grant> {
        let change = Change::to(Next::Forgotten);
        match self.authorization() {
            Some(authorization) => {
                let ended = GrantEnded(authorization.grant_id.clone());
                change.wants(tell(authorization, &ended))
            }
            None => change,
        }
    }
}

/// The effect that sends a command to the grant's account.
pub(super) fn tell<N: Notice>(
    authorization: &Authorization,
    notice: &N,
) -> Option<EffectOf<Grant>> {
    Effect::send(Address::Id(authorization.account.clone()), notice)
}
