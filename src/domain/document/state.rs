//! The state of a document.

use serde::{Deserialize, Serialize};

use crate::domain::http::HttpError;
use crate::domain::time::{Seconds, Timestamp};

/// How old a copy may be that is used while its source fails.
pub(super) const MAX_STALE: Seconds = Seconds(24 * 60 * 60);

/// The machine.
#[derive(Debug)]
pub struct Document;

/// The stored copy and the last attempts to fetch it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Held")]
pub struct DocumentState {
    /// The text, and when it was fetched.
    pub(super) text: Option<(String, Timestamp)>,
    /// When the attempt began that hasn't ended yet.
    pub(super) trying_since: Option<Timestamp>,
    /// Why and when the last attempt failed.
    pub(super) failed: Option<(HttpError, Timestamp)>,
}
