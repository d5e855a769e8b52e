//! Reads the document, and fetches it first if the stored copy is too old.

use serde::{Deserialize, Serialize};

use super::state::MAX_STALE;
use super::{Document, DocumentWants};
use crate::domain::entropy::Entropy;
use crate::domain::http::{HttpError, HttpRequest};
use crate::domain::machine::{Before, Command, Effect, Step};
use crate::domain::time::{Seconds, Timestamp};

/// How old a copy may be before it is fetched again.
const MAX_AGE: Seconds = Seconds(60 * 60);
/// The same for a caller that reports the copy as outdated.
const MIN_INTERVAL: Seconds = Seconds(60);
/// How long to wait before asking a source again that didn't respond.
const BACK_OFF: Seconds = Seconds(5);
/// How long a fetch may take before another one may begin.
const ATTEMPT: Seconds = Seconds(20);

/// Asks for the document at a URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Read {
    /// The URL.
    pub url: String,
    /// Whether the stored copy lacks what the caller looks for.
    pub outdated: bool,
}

/// Why there is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ReadError {
    /// It is being fetched. The reply is held until the fetch ends.
    #[error("the document is being fetched")]
    Pending,
    /// Its source didn't send it.
    #[error("{0}")]
    Unavailable(#[from] HttpError),
}

impl Command for Read {
    const NAME: &'static str = "Read";
    type Machine = Document;
    type Reply = String;
    type Error = ReadError;

    fn decide(self, before: Before<Document>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let mut held = before.state.unwrap_or_default();
        let limit = if self.outdated { MIN_INTERVAL } else { MAX_AGE };
        let fetched_at = held.text.as_ref().map(|(_, at)| *at);
        if let Some((text, _)) = held.text.as_ref().filter(|(_, at)| now < at.plus(limit)) {
            return Step::unchanged(Ok(text.clone()));
        }
        if held.trying_since.is_some_and(|since| now < since.plus(ATTEMPT)) {
            return Step::unchanged(Err(ReadError::Pending));
        }
        if let Some((error, at)) = held.failed.filter(|(_, at)| now < at.plus(BACK_OFF)) {
            let usable = fetched_at.is_some_and(|fetched| at < fetched.plus(MAX_STALE));
            return Step::unchanged(match held.text {
                Some((text, _)) if usable => Ok(text),
                _ => Err(error.into()),
            });
        }
        held.trying_since = Some(now);
        let request = HttpRequest { timeout: Seconds(5), ..HttpRequest::get(self.url) };
        let fetch = Effect::Own(DocumentWants::Fetch(request));
        Step::written(held, Err(ReadError::Pending)).wants([fetch])
    }

    fn awaits_change(reply: &Result<String, ReadError>) -> bool {
        matches!(reply, Err(ReadError::Pending))
    }
}
