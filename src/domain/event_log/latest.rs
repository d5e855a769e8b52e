//! Read the newest events.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batches::{BATCH, Batch, Count, EventLog};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, NoError, RowKeys, Step};
use crate::domain::time::Timestamp;

/// The most events that are read at once.
pub const MAX_LATEST: usize = 100;

/// The question. The reply has the events as JSON, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Latest {
    /// How many, at most [`MAX_LATEST`].
    pub limit: usize,
}

impl Command for Latest {
    const NAME: &'static str = "Latest";
    type Machine = EventLog;
    type Reply = Vec<Box<RawValue>>;
    type Error = NoError;

    fn rows(&self, _: Option<&Count>, _: Timestamp) -> Vec<RowKeys> {
        vec![RowKeys::All(BATCH)]
    }

    fn decide(self, before: Before<EventLog>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let newest = before.rows.into_values().rev();
        let newest = newest.flat_map(|Batch(events)| events.into_iter().rev());
        Step::unchanged(Ok(newest.take(self.limit.min(MAX_LATEST)).collect()))
    }
}
