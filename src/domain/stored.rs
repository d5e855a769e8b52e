//! How states and rows are stored: as JSON, a state together with the version of its type.
//!
//! Stored types check no size limits: lowering a limit would make stored data unreadable. Stored text that
//! can't be read is an error, and never counts as absent: a stranger could otherwise claim an identifier
//! that exists, and the next write would replace data that an operator could still repair.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::time::Timestamp;

/// Why stored text can't be read. Never contains the text itself, which may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The value is not text.
    #[error("not text")]
    NotText,
    /// The text is not JSON, or not of the expected type. Holds the column where reading failed.
    #[error("not of the expected form at character {0}")]
    Form(usize),
    /// A later release wrote the state, or one so old that this release doesn't migrate its version. Holds
    /// that version.
    #[error("of version {0}, which this release does not read")]
    Version(u32),
}

/// A state as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<S> {
    version: u32,
    /// When it was written. Earlier releases wrote no time.
    #[serde(default)]
    at: Timestamp,
    state: S,
}

/// Reads stored text: a row, an effect, or anything else without a version.
///
/// # Errors
/// [`Unreadable::Form`].
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    // Drop the parser's own message, which quotes the text.
    serde_json::from_str(text).map_err(|error| Unreadable::Form(error.column()))
}

/// Reads the stored state of a machine, migrated to its current version, and the time when it was written. Returns
/// `None` for an empty text, which means that nothing is stored.
///
/// # Errors
/// [`Unreadable`], if the text is not a state of the machine.
pub fn read_state<M: Machine>(text: &str) -> Result<Option<(M::State, Timestamp)>, Unreadable> {
    if text.is_empty() {
        return Ok(None);
    }
    let error = match read::<Stored<M::State>>(text) {
        Ok(stored) if stored.version == M::VERSION => return Ok(Some((stored.state, stored.at))),
        other => other.err(),
    };
    let stored: Stored<serde_json::Value> = read(text)?;
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
pub fn write_state<M: Machine>(
    state: M::State,
    at: Timestamp,
) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Stored { version: M::VERSION, at, state })
}
