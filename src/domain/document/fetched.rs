//! Takes the outcome of a fetch.

use serde::{Deserialize, Serialize};

use super::Document;
use crate::domain::entropy::Entropy;
use crate::domain::http::{HttpError, HttpResponse};
use crate::domain::machine::{Before, Command, NoError, Step};
use crate::domain::time::Timestamp;

/// The response of the source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetched(pub Result<HttpResponse, HttpError>);

impl Command for Fetched {
    const NAME: &'static str = "Fetched";
    type Machine = Document;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Document>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let mut held = before.state.unwrap_or_default();
        held.trying_since = None;
        match self.0 {
            Ok(answer) if answer.status == 200 => {
                held.text = Some((answer.body, now));
                held.failed = None;
            }
            Ok(_) => held.failed = Some((HttpError::Status, now)),
            Err(error) => held.failed = Some((error, now)),
        }
        Step::written(held, Ok(()))
    }
}
