//! What an object keeps.

use serde::{Deserialize, Serialize};

/// How many batches an object keeps at most.
pub const MAX_BATCHES: usize = 256;
/// How many batches give way together when an object is full, so that it is counted once for so many.
pub const GIVES_WAY: usize = 32;

/// Keys of batches begin so; the ID of the first event follows.
pub const BATCH: &str = "event/";

/// The machine.
#[derive(Debug)]
pub struct EventLog;

/// How many batches there are: an upper bound, made exact when it is reached. Kept in memory alone, so that a batch
/// costs one row; where the memory was lost, they are counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Count(pub usize);
