//! Reads the newest events.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::batches::{BATCH, Count, EventLog};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, NoError, RowKeys, Step};
use crate::domain::time::Timestamp;

/// The most events that are read at once.
pub const MAX_LATEST: usize = 100;

/// Reads the newest events. The reply has them as JSON, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Latest {
    /// How many, at most [`MAX_LATEST`].
    pub limit: usize,
}

impl Command for Latest {
    const NAME: &'static str = "Latest";
    type Machine = EventLog;
    type Reply = Vec<Value>;
    type Error = NoError;

    fn rows(&self, _: Option<&Count>, _: Timestamp) -> Vec<RowKeys> {
        vec![RowKeys::All(BATCH)]
    }

    fn decide(self, before: Before<EventLog>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let newest = before.rows.into_values().rev();
        let mut events = Vec::new();
        for batch in newest {
            if let Value::Array(batch) = batch {
                events.extend(batch.into_iter().rev());
            }
            if events.len() >= self.limit.min(MAX_LATEST) {
                break;
            }
        }
        events.truncate(self.limit.min(MAX_LATEST));
        Step::unchanged(Ok(events))
    }
}
