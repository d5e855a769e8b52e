//! A document that another server publishes: a provider's metadata, its keys, a record of the DNS.
//!
//! One object fetches it, however many ask; keeps it; and fetches it again when it is old, or when a
//! caller shows that it must have changed, but never more often than a limit, so that nobody can
//! make this server ask for it at will.

mod fetched;
mod read;
mod wake;

pub use self::fetched::Fetched;
pub use self::read::{Read, ReadError};
pub use self::wake::Wake;

use serde::{Deserialize, Serialize};

use super::http::{HttpError, HttpRequest, HttpResponse};
use super::machine::{Class, Machine, NoRow, Receive, Wants, commands};
use super::time::{Seconds, Timestamp};

/// How long a document serves while its source does not answer.
const MAX_STALE: Seconds = Seconds(24 * 60 * 60);

/// The machine.
#[derive(Debug)]
pub struct Document;

/// What is remembered of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The text, and when it was fetched.
    text: Option<(String, Timestamp)>,
    /// An attempt that has begun and not ended.
    trying_since: Option<Timestamp>,
    /// The last attempt that failed, and why.
    failed: Option<(HttpError, Timestamp)>,
}

/// What a document wants from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentWants {
    /// Ask the other server.
    Fetch(HttpRequest),
}

impl Wants for DocumentWants {
    type Outcome = Result<HttpResponse, HttpError>;

    fn has_outcome(&self) -> bool {
        true
    }
}

impl Machine for Document {
    const CLASS: Class = Class::Document;
    type State = Held;
    type Row = NoRow;
    type Wants = DocumentWants;

    commands![Read, Fetched, Wake];

    fn wakes_at(held: &Held) -> Option<Timestamp> {
        let fetched = held.text.as_ref().map(|(_, at)| *at);
        let failed = held.failed.map(|(_, at)| at);
        let latest = fetched.max(failed).max(held.trying_since)?;
        Some(latest.plus(MAX_STALE))
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }

    fn outcome<R: Receive<Self>>(
        answer: Result<HttpResponse, HttpError>,
        receiver: R,
    ) -> Option<R::Output> {
        Some(receiver.receive(Fetched(answer)))
    }
}
