//! The batches of events that an `EventLog` object keeps.

use serde::{Deserialize, Serialize};

/// How many batches an object keeps at most.
pub const MAX_BATCHES: usize = 256;
/// How many batches are deleted together when an object is full. Deleting one at a time would load all rows for each.
pub const GIVES_WAY: usize = 32;

/// The prefix of the keys of batches. The ID of the first event follows.
pub const BATCH: &str = "event/";

/// The machine that keeps events.
#[derive(Debug)]
pub struct EventLog;

/// An upper bound of the number of batches. The rows are counted when it reaches the limit, and after the object lost
/// its memory. Kept only in memory, so that a batch costs one row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Count(pub usize);
