//! While one release replaces another, each can read what the other writes: the commands and replies between a worker
//! and an object, and the effects that an object has stored.
//!
//! The texts of the earlier release are literals here. Its types are copied: one enum of commands and one of replies
//! for each machine.

mod connection;
mod document;
mod identifier;
mod key_ring;
mod throttle;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vestibule::domain::machine::message::{self, Answer};
use vestibule::domain::machine::{Command, Effect, Machine, Nothing, Notice, Receive, Wants};

use crate::support::by_name;

/// The types with which the earlier release writes and reads a machine's messages.
trait Earlier: Machine {
    type Command: Serialize + DeserializeOwned;
    type Reply: Serialize + DeserializeOwned;
    type Error: Serialize + DeserializeOwned;
}

/// Serializes a command again after its machine has received it.
struct Rewrite;

impl<M: Machine> Receive<M> for Rewrite {
    type Output = String;

    fn receive<C: Command<Machine = M>>(self, command: C) -> String {
        command.write().unwrap()
    }
}

/// Each release reads the other's command; `earlier` is its text in the earlier release.
fn check_command<C: Command<Machine: Earlier>>(command: &C, earlier: &str) {
    let written = command.write().unwrap();
    for text in [earlier, &written] {
        assert_eq!(C::Machine::receive(text, Rewrite).unwrap(), written);
    }
    let read: <C::Machine as Earlier>::Command = serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), earlier);
}

/// Each release reads the other's reply; `earlier` is its text in the earlier release.
fn check_answer<C>(answer: &Answer<C>, earlier: &str)
where
    C: Command<Machine: Earlier, Reply: PartialEq + Debug, Error: PartialEq>,
{
    let written = message::write_answer::<C>(answer).unwrap();
    for text in [earlier, &written] {
        assert_eq!(message::read_answer::<C>(text).unwrap(), *answer, "{text}");
    }
    let read: Result<<C::Machine as Earlier>::Reply, <C::Machine as Earlier>::Error> =
        serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), earlier);
}

/// Each release reads the other's stored notice to the object `n`; `earlier` is the effect in the format of the earlier
/// release.
fn check_stored_notice<N: Notice<Machine: Earlier>>(notice: &N, earlier: &str) {
    let written = Effect::<Nothing>::send(by_name("n"), notice).unwrap().write().unwrap();
    for text in [earlier, &written] {
        let Effect::Send(message) = Effect::<Nothing>::read(text).unwrap() else {
            panic!("no message")
        };
        assert_eq!((message.class, &message.to), (N::Machine::CLASS, &by_name("n")));
        let sent = message.command.to_string();
        assert_eq!(N::Machine::receive(&sent, Rewrite).unwrap(), notice.write().unwrap());
        serde_json::from_str::<<N::Machine as Earlier>::Command>(&sent).unwrap();
    }
}

/// Each release reads the other's stored effect, whose type is the same in both; `earlier` is its text in the earlier
/// release.
fn check_stored<W: Wants + PartialEq + Debug>(effect: &Effect<W>, earlier: &str) {
    assert_eq!(Effect::read(earlier).unwrap(), *effect);
    assert_eq!(effect.write().unwrap(), earlier);
}
