//! Effects: what a machine wants done outside. They are stored with the state before they are performed.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Serialize};

use super::{Address, Class};
use crate::domain::event::Event;
use crate::domain::stored::{self, Unreadable};

/// Something to do outside after a step. It is done at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<W> {
    /// Send a command to another machine. Its reply is not needed, only that the command has arrived.
    Send(Message),
    /// An effect that only this machine has.
    Own(W),
    /// Record an event. An event that is not kept ([`Event::is_kept`]) is never stored; it is written to the log after
    /// the commit. The host gives events their ID and time, stores them and reads them
    /// ([`Recorded`](crate::domain::event::Recorded)), since they are the same for all machines.
    Record(Event),
}

/// A command to another machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The other machine's class.
    pub class: Class,
    /// The other machine's object.
    pub to: Address,
    /// The command, as JSON.
    pub command: serde_json::Value,
}

/// A message as it is stored.
#[derive(Serialize, Deserialize)]
enum Stored<M> {
    Send(M),
}

/// The effects that only one machine has, besides commands to other machines and events.
pub trait Wants: Clone + Serialize + DeserializeOwned {
    /// What comes back to the machine; `()` if nothing does.
    type Outcome;

    /// The form to store before this effect is performed, so that a crash while it runs is noticed; `None` to keep the
    /// stored form.
    fn begun(&self) -> Option<Self> {
        None
    }

    /// Whether an outcome comes back to the machine.
    fn has_outcome(&self) -> bool;

    /// Whether this writes the same thing as an `earlier` effect of the same object. Then the earlier one can be
    /// skipped, and must not be performed after this one.
    fn replaces(&self, _earlier: &Self) -> bool {
        false
    }
}

/// The effects of a machine that has none of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nothing {}

impl Wants for Nothing {
    type Outcome = ();

    fn has_outcome(&self) -> bool {
        match *self {}
    }
}

impl<W: Wants> Effect<W> {
    /// Reads a stored effect that is not an event.
    ///
    /// # Errors
    /// [`Unreadable::Form`].
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        // Tried one after the other: an untagged enum would first buffer a copy of the text.
        match stored::read(text) {
            Ok(Stored::Send(message)) => Ok(Self::Send(message)),
            Err(_) => stored::read(text).map(Self::Own),
        }
    }

    /// The text to store.
    ///
    /// # Errors
    /// The effect can't be written as JSON, or it is an event, which has no ID and time yet.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Send(message) => serde_json::to_string(&Stored::Send(message)),
            Self::Own(own) => serde_json::to_string(own),
            Self::Record(_) => Err(serde_json::Error::custom("an event has no stamp")),
        }
    }

    /// See [`Wants::begun`].
    pub fn begun(&self) -> Option<Self> {
        match self {
            Self::Send(_) | Self::Record(_) => None,
            Self::Own(own) => own.begun().map(Self::Own),
        }
    }

    /// See [`Wants::has_outcome`].
    pub fn has_outcome(&self) -> bool {
        match self {
            Self::Send(_) | Self::Record(_) => false,
            Self::Own(own) => own.has_outcome(),
        }
    }

    /// See [`Wants::replaces`].
    pub fn replaces(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Own(own), Self::Own(earlier)) => own.replaces(earlier),
            _ => false,
        }
    }
}
