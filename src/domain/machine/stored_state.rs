//! How the state of a machine is stored: as JSON, together with the version of its type and the time of the write.

use serde::{Deserialize, Serialize};

use super::Machine;
use crate::domain::stored::{self, Unreadable};
use crate::domain::time::Timestamp;

/// A state as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<S> {
    version: u32,
    /// When it was written. Earlier releases wrote no time.
    #[serde(default)]
    at: Timestamp,
    state: S,
}

/// Reads the stored state of a machine, migrated to its current version, and the time when it was written. Returns
/// `None` for an empty text, which means that nothing is stored.
///
/// # Errors
/// [`Unreadable`], if the text is not a state of the machine.
pub fn read<M: Machine>(text: &str) -> Result<Option<(M::State, Timestamp)>, Unreadable> {
    if text.is_empty() {
        return Ok(None);
    }
    let error = match stored::read::<Stored<M::State>>(text) {
        Ok(stored) if stored.version == M::VERSION => return Ok(Some((stored.state, stored.at))),
        other => other.err(),
    };
    let stored: Stored<serde_json::Value> = stored::read(text)?;
    let version = stored.version;
    if version < M::VERSION {
        let state = M::migrate(version, stored.state).ok_or(Unreadable::Version(version))?;
        return Ok(Some((state, stored.at)));
    }
    Err(error.filter(|_| version == M::VERSION).unwrap_or(Unreadable::Version(version)))
}

/// The text to store for a state.
///
/// # Errors
/// The state can't be written as JSON.
pub fn write<M: Machine>(state: M::State, at: Timestamp) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Stored { version: M::VERSION, at, state })
}
