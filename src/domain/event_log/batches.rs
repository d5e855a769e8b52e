//! What an `EventLog` object keeps.

use serde::{Deserialize, Serialize};

/// How many batches an object keeps at most.
pub const MAX_BATCHES: usize = 256;
/// How many batches are deleted together when an object is full, so that the rows are loaded once for this many.
pub const GIVES_WAY: usize = 32;

/// What the keys of batches begin with. The ID of the first event follows.
pub const BATCH: &str = "event/";

/// The machine that keeps events.
#[derive(Debug)]
pub struct EventLog;

/// How many batches there are. This is an upper bound; the rows are counted when it reaches the limit, and after the
/// memory was lost. Kept only in memory, so that a batch costs one row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Count(pub usize);
