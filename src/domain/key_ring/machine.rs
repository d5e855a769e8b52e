//! The machine: its commands, its alarm and the outcomes of its effects.

use super::{KeyPair, KeyRing, KeyRingWants, Keys, Made, Replace, Reseal, Ring, Wake};
use crate::domain::machine::{Class, Machine, NoRow, Receive, commands};
use crate::domain::time::Timestamp;

impl Machine for KeyRing {
    const CLASS: Class = Class::KeyRing;
    type State = Ring;
    type Row = NoRow;
    type Wants = KeyRingWants;

    commands![Keys, Made, Replace, Reseal, Wake];

    fn wakes_at(ring: &Ring) -> Option<Timestamp> {
        ring.wakes_at()
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }

    fn outcome<R: Receive<Self>>(pair: KeyPair, receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Made(pair)))
    }
}
