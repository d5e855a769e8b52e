//! Stores a batch of events.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::batches::{BATCH, Count, EventLog, GIVES_WAY, MAX_BATCHES};
use crate::domain::entropy::Entropy;
use crate::domain::event::EventId;
use crate::domain::machine::{Before, Change, Command, Next, NoError, RowKeys, Step};
use crate::domain::time::Timestamp;

/// A batch of events that one object sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The ID of the first event.
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
            for gone in give_way(&rows, &key, count.saturating_sub(left)) {
                change = change.delete(gone.to_owned());
            }
            count = left;
        }
        change.next = Next::Remembered(Count(count.saturating_add(1)));
        change.put(key, Value::Array(self.events)).reply(Ok(()))
    }
}

/// The keys of `count` batches to delete, never `added`. Each is the oldest of the subject that has the most batches,
/// so a subject with many events doesn't displace those of others.
fn give_way<'r>(rows: &'r BTreeMap<String, Value>, added: &str, count: usize) -> Vec<&'r str> {
    let mut held: BTreeMap<&str, VecDeque<&str>> = BTreeMap::new();
    for (key, batch) in rows.iter().filter(|(key, _)| *key != added) {
        held.entry(subject(batch)).or_default().push_back(key);
    }
    let mut gone = Vec::new();
    while gone.len() < count {
        // If two subjects have the same number, take the one with the older batch.
        let most =
            held.values_mut().max_by_key(|keys| (keys.len(), Reverse(keys.front().copied())));
        let Some(key) = most.and_then(VecDeque::pop_front) else { break };
        gone.push(key);
    }
    gone
}

/// The subject of the first event in a batch, as far as this release can read it
/// ([`Recorded::subject`](crate::domain::event::Recorded::subject)).
fn subject(batch: &Value) -> &str {
    let places = ["/0/about/account", "/0/about/client_id", "/0/source/object"];
    places.iter().find_map(|place| batch.pointer(place)?.as_str()).unwrap_or_default()
}
