//! Objects that keep the latest events. The hash of an event's subject decides which object keeps it ([`address`]).
//!
//! Events that are sent together are one row, under the ID of the first. A sender that doesn't know whether a batch has
//! arrived sends it again, which overwrites the same row. This module reads only the subjects of events, and only when
//! an object is full, because a later release may send events that this one doesn't know.

mod batches;
mod latest;
mod machine;
mod record;
mod shard;

pub use self::batches::{Count, EventLog, GIVES_WAY, MAX_BATCHES};
pub use self::latest::{Latest, MAX_LATEST};
pub use self::record::Record;
pub use self::shard::{SHARDS, address};
