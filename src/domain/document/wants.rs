//! What a document wants from outside.

use serde::{Deserialize, Serialize};

use crate::domain::http::{HttpError, HttpRequest, HttpResponse};
use crate::domain::machine::Wants;

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
