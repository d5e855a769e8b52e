//! A document that another server publishes: a provider's metadata, its keys, a record of the DNS.
//!
//! One object fetches it, however many ask; keeps it; and fetches it again when it is old, or when a
//! caller shows that it must have changed, but never more often than a limit, so that nobody can
//! make this server ask for it at will.

use serde::{Deserialize, Serialize};

use super::entropy::Entropy;
use super::http::{HttpError, HttpRequest, HttpResponse};
use super::machine::{
    Before, Class, Command, Effect, Machine, Next, NoRow, OneCommand, Receive, Step, Wants,
};
use super::time::{Seconds, Timestamp};

/// How long a document may be used without a look at its source.
pub const MAX_AGE: Seconds = Seconds(60 * 60);
/// How often a caller may have it fetched before that.
const MIN_INTERVAL: Seconds = Seconds(60);
/// How long to leave a source alone that did not answer.
const BACK_OFF: Seconds = Seconds(5);
/// How long a document serves while its source does not answer.
const MAX_STALE: Seconds = Seconds(24 * 60 * 60);
/// How long one attempt may take; after that another may begin.
const ATTEMPT: Seconds = Seconds(20);

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

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DocumentCommand {
    /// Read the document at that address.
    Read {
        /// The address.
        url: String,
        /// Whether what is held does not have what the caller looks for.
        outdated: bool,
    },
    /// It was fetched, or not.
    Fetched(Result<HttpResponse, HttpError>),
    /// Forget it, unless it was fetched lately.
    Wake,
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

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DocumentError {
    /// It is being fetched: the answer waits for it.
    #[error("the document is being fetched")]
    Pending,
    /// Its source did not answer.
    #[error("{0}")]
    Unavailable(#[from] HttpError),
}

impl Machine for Document {
    const CLASS: Class = Class::Document;
    type State = Held;
    type Row = NoRow;
    type Wants = DocumentWants;

    fn receive<R: Receive<Self>>(
        command: &str,
        receiver: R,
    ) -> Result<R::Output, serde_json::Error> {
        Ok(receiver.receive(serde_json::from_str::<DocumentCommand>(command)?))
    }

    fn wakes_at(held: &Held) -> Option<Timestamp> {
        let fetched = held.text.as_ref().map(|(_, at)| *at);
        let failed = held.failed.map(|(_, at)| at);
        let latest = fetched.max(failed).max(held.trying_since)?;
        Some(latest.plus(MAX_STALE))
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(DocumentCommand::Wake))
    }

    fn outcome<R: Receive<Self>>(
        answer: Result<HttpResponse, HttpError>,
        receiver: R,
    ) -> Option<R::Output> {
        Some(receiver.receive(DocumentCommand::Fetched(answer)))
    }
}

impl OneCommand for Document {
    type Command = DocumentCommand;
}

impl Command for DocumentCommand {
    const NAME: &'static str = "";
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
    type Machine = Document;
    type Reply = String;
    type Error = DocumentError;

    fn decide(self, before: Before<Document>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let command = self;
        let held = before.state.unwrap_or_default();
        match command {
            DocumentCommand::Read { url, outdated } => held.read(url, outdated, now),
            DocumentCommand::Fetched(answer) => held.fetched(answer, now),
            DocumentCommand::Wake => {
                let kept = held.text.as_ref().is_some_and(|(_, at)| now < at.plus(MAX_STALE));
                if kept {
                    Step::unchanged(Ok(String::new()))
                } else {
                    Step::to(Next::Forgotten, Ok(String::new()))
                }
            }
        }
    }

    fn awaits_change(reply: &Result<String, DocumentError>) -> bool {
        matches!(reply, Err(DocumentError::Pending))
    }
}

impl Held {
    fn read(mut self, url: String, outdated: bool, now: Timestamp) -> Step<DocumentCommand> {
        let limit = if outdated { MIN_INTERVAL } else { MAX_AGE };
        let fetched_at = self.text.as_ref().map(|(_, at)| *at);
        if let Some((text, _)) = self.text.as_ref().filter(|(_, at)| now < at.plus(limit)) {
            return Step::unchanged(Ok(text.clone()));
        }
        if self.trying_since.is_some_and(|since| now < since.plus(ATTEMPT)) {
            return Step::unchanged(Err(DocumentError::Pending));
        }
        if let Some((error, at)) = self.failed.filter(|(_, at)| now < at.plus(BACK_OFF)) {
            let usable = fetched_at.is_some_and(|fetched| at < fetched.plus(MAX_STALE));
            return Step::unchanged(match self.text {
                Some((text, _)) if usable => Ok(text),
                _ => Err(error.into()),
            });
        }
        self.trying_since = Some(now);
        let fetch = Effect::Own(DocumentWants::Fetch(HttpRequest {
            timeout: Seconds(5),
            ..HttpRequest::get(url)
        }));
        Step::written(self, Err(DocumentError::Pending)).wants([fetch])
    }

    fn fetched(
        mut self,
        answer: Result<HttpResponse, HttpError>,
        now: Timestamp,
    ) -> Step<DocumentCommand> {
        self.trying_since = None;
        match answer {
            Ok(answer) if answer.status == 200 => {
                self.text = Some((answer.body, now));
                self.failed = None;
            }
            Ok(_) => self.failed = Some((HttpError::Status, now)),
            Err(error) => self.failed = Some((error, now)),
        }
        Step::written(self, Ok(String::new()))
    }
}
