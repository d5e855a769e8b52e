//! What is remembered of a document.

use serde::{Deserialize, Serialize};

use crate::domain::http::HttpError;
use crate::domain::time::{Seconds, Timestamp};

/// How long a document serves while its source does not answer.
pub(super) const MAX_STALE: Seconds = Seconds(24 * 60 * 60);

/// The machine.
#[derive(Debug)]
pub struct Document;

/// What is remembered of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentState {
    /// The text, and when it was fetched.
    pub(super) text: Option<(String, Timestamp)>,
    /// An attempt that has begun and not ended.
    pub(super) trying_since: Option<Timestamp>,
    /// The last attempt that failed, and why.
    pub(super) failed: Option<(HttpError, Timestamp)>,
}
