//! Reads what an object has stored. Data that can't be read is an error: it is logged with the object's class and ID,
//! and counted. It never counts as absent, and nothing is decided, written or erased.

use std::collections::BTreeMap;

use super::error::HostError;
use super::store::Store;
use crate::domain::machine::{Machine, RowKeys, stored_state};
use crate::domain::stored::{self, Unreadable};
use crate::domain::time::Timestamp;

/// The machine's state, migrated to its current version, and when the object last acted.
pub fn state<M: Machine>(store: &dyn Store) -> Result<(Option<M::State>, Timestamp), HostError> {
    let read = || stored_state::read::<M>(&store.state()?);
    let read = read().map_err(|error| unreadable(store, "state", error))?;
    Ok(read.map_or((None, Timestamp(0)), |(state, at)| (Some(state), at)))
}

/// The rows that a command asked for.
pub fn rows<M: Machine>(
    store: &dyn Store,
    wanted: &[RowKeys],
) -> Result<BTreeMap<String, M::Row>, HostError> {
    let mut rows = BTreeMap::new();
    let mut read = |key: String, text: &str| {
        let row = stored::read(text).map_err(|error| unreadable(store, "row", error))?;
        rows.insert(key, row);
        Ok::<(), HostError>(())
    };
    for keys in wanted {
        match keys {
            RowKeys::One(key) => {
                let text = store.row(key).map_err(|error| unreadable(store, "row", error))?;
                if let Some(text) = text {
                    read(key.clone(), &text)?;
                }
            }
            RowKeys::All(prefix) => {
                for (key, text) in texts(store, prefix)? {
                    read(key, &text)?;
                }
            }
        }
    }
    Ok(rows)
}

/// The keys and texts of the rows whose keys begin with `prefix`, in the order of the keys.
pub fn texts(store: &dyn Store, prefix: &str) -> Result<Vec<(String, String)>, HostError> {
    store.rows(prefix).map_err(|error| unreadable(store, "row", error))
}

/// Logs and counts that something can't be read.
pub fn unreadable(store: &dyn Store, what: &str, why: Unreadable) -> HostError {
    HostError::Unreadable(store.unreadable(what, why))
}
