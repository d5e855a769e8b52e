//! How anything is stored: as JSON. A state also has the version of its type ([`super::machine::stored_state`]).
//!
//! Stored types check no size limits: lowering a limit would make stored data unreadable. Stored text that
//! can't be read is an error, and never counts as absent: a stranger could otherwise claim an identifier
//! that exists, and the next write would replace data that an operator could still repair.

use serde::de::DeserializeOwned;

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
    #[error("of version {0}, which this release can't read")]
    Version(u32),
}

/// Reads stored text: a row, an effect, or anything else without a version.
///
/// # Errors
/// [`Unreadable::Form`].
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    // Drop the parser's own message, which quotes the text.
    serde_json::from_str(text).map_err(|error| Unreadable::Form(error.column()))
}
