//! What is remembered of an authorization.

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

/// What is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "no more than one is in memory at a time")]
pub enum GrantState {
    /// A code was sent that may be redeemed.
    Code(Box<PendingCode>),
    /// A device that waits for a user, or was answered.
    Device(DeviceState),
    /// Tokens were issued.
    Live(Box<LiveGrant>),
    /// It was withdrawn before its code arrived here: whatever arrives comes too late.
    Ended {
        /// When nothing can be on the way any more.
        until: Timestamp,
    },
}

impl GrantState {
    /// What was allowed, once it was.
    pub(super) fn authorization(&self) -> Option<&Authorization> {
        match self {
            Self::Code(code) => Some(&code.authorization),
            Self::Device(DeviceState::Approved(approved)) => Some(&approved.authorization),
            Self::Live(live) => Some(&live.authorization),
            Self::Device(_) | Self::Ended { .. } => None,
        }
    }

    /// The grant ends, and its account forgets it.
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

/// Tells the account of the grant.
pub(super) fn tell<N: Notice>(
    authorization: &Authorization,
    notice: &N,
) -> Option<EffectOf<Grant>> {
    Effect::send(Address::Id(authorization.account.clone()), notice)
}
