//! The machine: its commands and its alarm.

use super::{
    Claim, ClaimFor, Confirm, Identifier, Lend, Owner, Read, Release, SignIn, Unclaim, Wake,
};
use crate::domain::machine::{Class, Machine, NoRow, Nothing, Receive, commands};
use crate::domain::time::Timestamp;

impl Machine for Identifier {
    const CLASS: Class = Class::Identifier;
    type State = Owner;
    type Row = NoRow;
    type Wants = Nothing;

    commands![Claim, ClaimFor, Confirm, Lend, Release, Unclaim, Read, SignIn, Wake];

    fn wakes_at(state: &Owner) -> Option<Timestamp> {
        match state {
            Owner::Nobody(attempts) => attempts.forgotten_at(),
            Owner::Claimed { until, .. } | Owner::Lent { until, .. } => Some(*until),
            Owner::Owned { .. } => None,
        }
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }
}
