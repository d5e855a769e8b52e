//! How states and rows are stored: JSON, a state with the version of its type.
//!
//! Stored types have no limits: a limit that tightens would make what is stored unreadable. Text that
//! is stored and cannot be read is an error, never "nothing is stored": an identifier that counted as
//! absent could be claimed by a stranger, and the next write would replace what an operator could
//! still repair.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::machine::Machine;

/// Why stored text cannot be read. Names a place and never the content, which may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON, or not of the expected type.
    #[error("not of the expected form at character {0}")]
    Form(usize),
    /// A later release wrote it, or one whose versions this release no longer migrates.
    #[error("of version {0}, which this release does not read")]
    Version(u32),
}

/// A state as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<S> {
    version: u32,
    state: S,
}

/// Reads stored text: a row, an effect, or anything else without a version.
///
/// # Errors
/// [`Unreadable::Form`].
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    // The parser's own message quotes the text.
    serde_json::from_str(text).map_err(|error| Unreadable::Form(error.column()))
}

/// Reads the stored state of a machine, migrated to today's version. An empty text means that nothing
/// is stored.
///
/// # Errors
/// [`Unreadable`], where something is stored that is no state of the machine.
pub fn read_state<M: Machine>(text: &str) -> Result<Option<M::State>, Unreadable> {
    if text.is_empty() {
        return Ok(None);
    }
    let error = match read::<Stored<M::State>>(text) {
        Ok(stored) if stored.version == M::VERSION => return Ok(Some(stored.state)),
        other => other.err(),
    };
    let stored: Stored<serde_json::Value> = read(text)?;
    let version = stored.version;
    if version < M::VERSION {
        return M::migrate(version, stored.state).map(Some).ok_or(Unreadable::Version(version));
    }
    Err(error.filter(|_| version == M::VERSION).unwrap_or(Unreadable::Version(version)))
}

/// The text of a state, to be stored.
///
/// # Errors
/// Where the state has no JSON.
pub fn write_state<M: Machine>(state: M::State) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Stored { version: M::VERSION, state })
}
