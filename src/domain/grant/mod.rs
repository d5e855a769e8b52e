//! One authorization, from its code or device code to its whole refresh family.
//!
//! ```text
//!  Expect ─► PendingCode ─redeem─► LiveGrant ──refresh──► LiveGrant
//!  Request ► DeviceGrant ─approve► ApprovedDevice ─poll──► LiveGrant
//!                  └──deny──► DeniedDevice     ▲──poll again, until a token is used
//! ```
//!
//! Each state is a type of its own and a transition consumes it. A grant that ends is forgotten: an object that stores
//! nothing redeems, refreshes and revives nothing. The account that notes a grant is its alarm clock
//! ([`Report`](crate::domain::notice::to_grant::Report)), because an alarm of its own would cost a row.

mod authorization;
pub mod code;
pub mod device;
pub mod device_response;
mod earlier;
pub mod family;
pub mod live;

mod decide;
mod end;
mod expect;
mod inspect;
mod look_up;
mod narrow;
mod poll;
mod redeem;
mod refresh;
mod report;
mod request;
mod revoke;
mod spend_device_code;
mod wake;

pub use self::authorization::{Authorization, Issue, Terms};
pub use self::decide::{Decide, DecisionError};
pub use self::expect::{Expect, ExpectError};
pub use self::inspect::{Active, Inspect, Presented, PresentedError};
pub use self::look_up::LookUp;
pub use self::poll::{Poll, PollError};
pub use self::redeem::{Redeem, RedeemError};
pub use self::refresh::{Refresh, RefreshError};
pub use self::request::{Occupied, Request};
pub use self::revoke::Revoke;
pub use self::spend_device_code::{SpendDeviceCode, Unknown};
pub use self::wake::Wake;

use serde::{Deserialize, Serialize};

use self::code::PendingCode;
use self::device::DeviceState;
use self::live::LiveGrant;
use super::machine::{
    Address, Change, Class, Effect, EffectOf, Machine, Next, NoRow, Nothing, Notice, Receive,
    commands,
};
use super::notice::to_account::GrantEnded;
use super::notice::to_grant::{End, EndExpected, Narrow, NarrowExpected, Report};
use super::time::Timestamp;

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

impl Machine for Grant {
    const CLASS: Class = Class::Grant;
    /// Version 2 stores the authorization code; before, the code carried what was allowed, sealed.
    const VERSION: u32 = 2;
    type State = GrantState;
    type Row = NoRow;
    type Wants = Nothing;

    commands![
        Expect,
        Redeem,
        Request,
        LookUp,
        Decide,
        Poll,
        SpendDeviceCode,
        Refresh,
        Inspect,
        Revoke,
        Narrow,
        NarrowExpected,
        End,
        EndExpected,
        Report,
        Wake,
        earlier::Expect,
        earlier::Redeem,
        earlier::ReportRedemption,
    ];

    fn wakes_at(state: &GrantState) -> Option<Timestamp> {
        match state {
            GrantState::Device(device) => Some(device.forgotten_at()),
            GrantState::Ended { until } => Some(*until),
            GrantState::Live(live) => live.wakes_at,
            GrantState::Code(_) => None,
        }
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }

    fn migrate(_: u32, state: serde_json::Value) -> Option<GrantState> {
        earlier::migrate(state)
    }
}

impl GrantState {
    /// What was allowed, once it was.
    fn authorization(&self) -> Option<&Authorization> {
        match self {
            Self::Code(code) => Some(&code.authorization),
            Self::Device(DeviceState::Approved(approved)) => Some(&approved.authorization),
            Self::Live(live) => Some(&live.authorization),
            Self::Device(_) | Self::Ended { .. } => None,
        }
    }

    /// The grant ends, and its account forgets it.
    fn end(&self) -> Change<Grant> {
        let change = Change::to(Next::Forgotten);
        match self.authorization() {
            Some(authorization) => change.wants(authorization.tell(&authorization.ended())),
            None => change,
        }
    }
}

impl Authorization {
    /// The notice that the grant is over.
    fn ended(&self) -> GrantEnded {
        GrantEnded(self.grant_id.clone())
    }

    /// Tells the account.
    fn tell<N: Notice>(&self, notice: &N) -> Option<EffectOf<Grant>> {
        Effect::send(Address::Id(self.account.clone()), notice)
    }
}
