//! The alarm: deletes the document unless it was fetched recently.

use serde::{Deserialize, Serialize};

use super::Document;
use super::state::MAX_STALE;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, NoError, Step};
use crate::domain::time::Timestamp;

/// The command of the alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wake;

impl Command for Wake {
    const NAME: &'static str = "Wake";
    type Machine = Document;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Document>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state.and_then(|held| held.text) {
            Some((_, fetched_at)) if now < fetched_at.plus(MAX_STALE) => Step::unchanged(Ok(())),
            Some(_) | None => Step::to(Next::Forgotten, Ok(())),
        }
    }
}
