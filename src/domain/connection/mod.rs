//! An account at a provider that a user has connected, and its tokens. They are sealed before they reach this machine.
//!
//! If many callers need a fresh token at once, the provider gets one request. Each refresh is counted in storage before
//! it is sent. If the process dies before the response is stored, the refresh is sent again. A provider that rotated
//! the refresh token then refuses the old one, and nobody has its successor ([`Broken::Lost`]). The count tells this
//! from a user who removed the access at the provider ([`Broken::Refused`]).

mod broken;
mod connect;
mod disconnect;
mod give_back;
mod id;
mod live;
mod machine;
mod outcome;
mod parties;
mod read;
mod refreshed;
mod refreshing;
mod reseal;
mod state;
mod token;
mod tokens;
mod wants;

pub use self::broken::{Broken, BrokenConnection};
pub use self::connect::{Connect, ConnectError, TooWide};
pub use self::disconnect::Disconnect;
pub use self::give_back::GiveBack;
pub use self::id::{ConnectionId, address};
pub use self::live::Live;
pub use self::outcome::{RefreshFailure, Refreshed};
pub use self::parties::Parties;
pub use self::read::{Read, ReadError, Standing};
pub use self::refreshing::Refreshing;
pub use self::reseal::Reseal;
pub use self::state::{Connection, State};
pub use self::token::{FreshToken, Token, TokenError};
pub use self::tokens::SealedTokens;
pub use self::wants::ConnectionWants;
