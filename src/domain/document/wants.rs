//! The requests of a document.

use serde::{Deserialize, Serialize};

use crate::domain::http::{HttpError, HttpRequest, HttpResponse};
use crate::domain::machine::Wants;

/// A request for the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentWants {
    /// Fetch it.
    Fetch(HttpRequest),
}

impl Wants for DocumentWants {
    type Outcome = Result<HttpResponse, HttpError>;

    fn has_outcome(&self) -> bool {
        true
    }
}
