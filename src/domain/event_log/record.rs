//! Keep events.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::batches::{BATCH, Count, EventLog, GIVES_WAY, MAX_BATCHES};
use crate::domain::entropy::Entropy;
use crate::domain::event::EventId;
use crate::domain::machine::{Before, Change, Command, Next, NoError, RowKeys, Step};
use crate::domain::time::Timestamp;

/// A batch of events of one object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The ID of the first.
    pub id: EventId,
    /// The events ([`Recorded`](crate::domain::event::Recorded)) as JSON, in the order in which they happened.
    pub events: Vec<Value>,
}

impl Command for Record {
    const NAME: &'static str = "Record";
    type Machine = EventLog;
    type Reply = ();
    type Error = NoError;

    fn rows(&self, state: Option<&Count>, _: Timestamp) -> Vec<RowKeys> {
        let must_look = state.is_none_or(|Count(count)| *count >= MAX_BATCHES);
        if must_look { vec![RowKeys::All(BATCH)] } else { Vec::new() }
    }

    fn decide(self, before: Before<EventLog>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Before { state, rows } = before;
        let key = format!("{BATCH}{}", self.id.as_str());
        let known = state.map(|Count(count)| count).filter(|count| *count < MAX_BATCHES);
        let others = || rows.keys().filter(|other| **other != key);
        let mut count = known.unwrap_or_else(|| others().count());
        let mut change = Change::<EventLog>::none();
        if count >= MAX_BATCHES {
            let left = MAX_BATCHES.saturating_sub(GIVES_WAY);
            for oldest in others().take(count.saturating_sub(left)) {
                change = change.delete(oldest.clone());
            }
            count = left;
        }
        change.next = Next::Remembered(Count(count.saturating_add(1)));
        change.put(key, Value::Array(self.events)).reply(Ok(()))
    }
}
