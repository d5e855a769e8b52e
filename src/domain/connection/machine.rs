//! The machine: its commands and the outcomes of its effects.

use super::{
    Connect, Connection, ConnectionWants, Disconnect, GiveBack, Read, Refreshed, Reseal, State,
    Token,
};
use crate::domain::machine::{Class, Machine, NoRow, Receive, commands};

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
