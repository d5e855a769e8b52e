//! Effects that wait to be performed. Those of one step are one row, a line for each, written with the step that wants
//! them: so that however many a step wants, storing and removing them costs two rows.

use super::error::HostError;
use super::load::texts;
use super::store::Store;
use crate::domain::entropy;
use crate::domain::time::Timestamp;

/// Keys of effects that are not yet performed begin so.
pub const EFFECT: &str = "effect/";

/// The row for a step's effects, which are texts already; `None` if it wants nothing.
pub fn row(
    store: &dyn Store,
    effects: &[String],
    now: Timestamp,
) -> Result<Option<(String, Option<String>)>, HostError> {
    if effects.is_empty() {
        return Ok(None);
    }
    let order = next_order(store, now)?;
    let chance = u64::from_be_bytes(entropy::bytes(store.entropy()));
    Ok(Some((format!("{EFFECT}{order:016}/{chance:016x}"), Some(effects.join("\n")))))
}

/// The number that a step's effects have in their key: the current time in milliseconds since 1970, or one more than
/// the last waiting effect's number if that is later. So keys sort in the order of the steps, even if two steps fall
/// into one millisecond. The order matters because the newer of two key sets must be published last.
fn next_order(store: &dyn Store, now: Timestamp) -> Result<i64, HostError> {
    let last = texts(store, EFFECT)?.pop().and_then(|(key, _)| order(&key));
    Ok(last.map_or(now.0, |last| now.0.max(last.saturating_add(1))))
}

/// The step's number in the key of its effects; see [`next_order`].
fn order(key: &str) -> Option<i64> {
    key.strip_prefix(EFFECT)?.split('/').next()?.parse().ok()
}
