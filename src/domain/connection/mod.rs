//! An outside account that a person has connected, and its tokens (mode 5: third-party service
//! authorization). The tokens are sealed before they come here.
//!
//! However many callers want a fresh token at once, the provider is asked for one. A refresh is
//! written down before it is sent: where the process dies before the answer is kept, the refresh is
//! sent once more, and a provider that then refuses the old token has given its successor to nobody.
//! That is told apart from a person who took the access back.

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
