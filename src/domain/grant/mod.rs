//! One authorization, from its code or device code to its whole refresh family.
//!
//! ```text
//!  Expect ─► PendingCode ─redeem─► LiveGrant ──refresh──► LiveGrant
//!  Request ► DeviceGrant ─approve► ApprovedDevice ─poll──► LiveGrant
//!                  └──deny──► DeniedDevice     ▲──poll again, until a token is used
//! ```
//!
//! Each state is a type of its own, and a transition consumes it. A grant that ends is deleted, so nothing can redeem,
//! refresh or revive it. The account that lists the grant has the alarm for it
//! ([`Report`](crate::domain::notice::to_grant::Report)), because an alarm of its own would cost a row.

mod authorization;
pub mod code;
mod decide;
pub mod device;
pub mod device_response;
mod earlier;
mod end;
mod expect;
pub mod family;
mod inspect;
mod issue;
pub mod live;
mod look_up;
mod machine;
mod narrow;
mod poll;
mod redeem;
mod refresh;
mod report;
mod request;
mod revoke;
mod spend_device_code;
mod state;
mod wake;

pub use self::authorization::{Authorization, Terms};
pub use self::decide::{Decide, DecisionError};
pub use self::expect::{Expect, ExpectError};
pub use self::inspect::{Active, Inspect, Presented, PresentedError};
pub use self::issue::Issue;
pub use self::look_up::LookUp;
pub use self::poll::{Poll, PollError};
pub use self::redeem::{Redeem, RedeemError};
pub use self::refresh::{Refresh, RefreshError};
pub use self::request::{Occupied, Request};
pub use self::revoke::Revoke;
pub use self::spend_device_code::{SpendDeviceCode, Unknown};
pub use self::state::{Grant, GrantState};
pub use self::wake::Wake;
