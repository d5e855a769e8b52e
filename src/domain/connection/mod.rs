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
pub use self::parties::Parties;
pub use self::read::{Read, ReadError, Standing};
pub use self::refreshed::{RefreshFailure, Refreshed};
pub use self::refreshing::Refreshing;
pub use self::reseal::Reseal;
pub use self::state::State;
pub use self::token::{FreshToken, Token, TokenError};
pub use self::tokens::SealedTokens;
pub use self::wants::ConnectionWants;

use super::machine::{Class, Machine, NoRow, Receive, commands};

/// The machine.
#[derive(Debug)]
pub struct Connection;

impl Machine for Connection {
    const CLASS: Class = Class::Connection;
    type State = State;
    type Row = NoRow;
    type Wants = ConnectionWants;

    commands![Connect, GiveBack, Token, Reseal, Refreshed, Read, Disconnect];

    fn outcome<R: Receive<Self>>(outcome: Refreshed, receiver: R) -> Option<R::Output> {
        Some(receiver.receive(outcome))
    }
}
