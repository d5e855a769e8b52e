//! The machine: its commands and its alarm.

use super::{GiveBack, Guess, Keep, Spend, Spent, Throttle, Wake};
use crate::domain::machine::{Class, Machine, NoRow, Nothing, Receive, commands};
use crate::domain::time::Timestamp;

impl Machine for Throttle {
    const CLASS: Class = Class::Throttle;
    type State = Spent;
    type Row = NoRow;
    type Wants = Nothing;

    commands![Spend, Guess, GiveBack, Keep, Wake];

    fn wakes_at(state: &Spent) -> Option<Timestamp> {
        Some(state.as_of.plus(state.per))
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }
}
