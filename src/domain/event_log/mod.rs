//! The last events, in objects of their own. Each keeps those of some accounts and clients: an event goes to the object
//! that its subject's hash names ([`address`]).
//!
//! Events that come together are one row, under the ID of the first. Whoever sends a batch again, because it doesn't
//! know whether it arrived, overwrites the same row. Of what an event holds, only whom it concerns is read here, and only
//! when an object is full: a later release may send events that this one doesn't know.

mod batches;
mod latest;
mod machine;
mod record;
mod shard;

pub use self::batches::{Count, EventLog, GIVES_WAY, MAX_BATCHES};
pub use self::latest::{Latest, MAX_LATEST};
pub use self::record::Record;
pub use self::shard::{SHARDS, address};
