//! Which object keeps the events of a subject.

use crate::domain::machine::Address;
use crate::tenant::ObjectName;

/// How many objects there are. If this changes, earlier events are no longer found.
pub const SHARDS: u32 = 64;

/// The object that keeps the events of a subject: an account, a client, or else the object that decided.
pub fn address(subject: &str) -> Address {
    let shard = crc32fast::hash(subject.as_bytes()).checked_rem(SHARDS).unwrap_or_default();
    Address::Name(ObjectName::event_log(shard))
}
