//! An event as it is stored, sent and logged.

use serde::{Deserialize, Serialize};

use super::about::About;
use super::build::Event;
use super::kind::Kind;
use crate::domain::stored::{self, Unreadable};
use crate::domain::time::Timestamp;

/// An event with its ID, its time and where it was decided. A receiver may get it more than once, with the same ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What happened.
    pub event: Kind,
    /// The ID of the event.
    pub id: EventId,
    /// When it happened, in milliseconds since 1970.
    pub at: Timestamp,
    /// The object that decided it; `None` if an endpoint did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What it concerns.
    pub about: Box<About>,
}

/// The object that decided an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The name of its class.
    pub class: String,
    /// Its ID: 64 hexadecimal digits.
    pub object: String,
}

/// The ID of an event: the number of the step that decided it and its place in that step. It is stored with the event,
/// so it stays the same however often the event is sent. Sorted as strings, the IDs of one object are in the order
/// of its steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// The ID of the event with this `index` in a step. `order` is the step's number in its object: roughly its time in
    /// milliseconds since 1970. `chance` is random, so that steps of different objects get different IDs.
    pub fn new((order, chance): (i64, u64), index: usize) -> Self {
        Self(format!("{order:016}-{chance:016x}-{index:03}"))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Event {
    /// Adds the ID, the time and the source.
    pub fn recorded(self, id: EventId, at: Timestamp, source: Option<Source>) -> Recorded {
        let Self { kind, about } = self;
        Recorded { event: kind, id, at, source, about }
    }
}

/// A stored effect that is an event.
#[derive(Deserialize)]
enum Line {
    Record(Recorded),
}

impl Recorded {
    /// How the stored line of an event begins.
    const LINE: &str = "{\"Record\":";

    /// The event as JSON.
    ///
    /// # Errors
    /// It can't be written as JSON.
    #[inline(never)]
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The line to store in the row that has the effects of a step.
    ///
    /// # Errors
    /// It can't be written as JSON.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        Ok(format!("{}{}}}", Self::LINE, self.to_json()?))
    }

    /// Reads a line of such a row; `None` if the line is another effect.
    ///
    /// # Errors
    /// [`Unreadable::Form`].
    pub fn from_line(line: &str) -> Option<Result<Self, Unreadable>> {
        if !line.starts_with(Self::LINE) {
            return None;
        }
        Some(stored::read(line).map(|Line::Record(event)| event))
    }

    /// What the event is stored under: its account, else its client, else the object that decided it. Events with the
    /// same subject are stored in the same object.
    pub fn subject(&self) -> &str {
        let About { account, client_id, .. } = &*self.about;
        let named = account.as_ref().or(client_id.as_ref()).map(|text| text.as_str());
        let object = self.source.as_ref().map(|source| source.object.as_str());
        named.or(object).unwrap_or(self.id.as_str())
    }
}
