//! Why a host can't run a machine.

use crate::domain::machine::Class;
use crate::ports::Unavailable;

/// Why a command was not decided. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The text is not a command of the class. Its content, which may be secret, is not quoted.
    #[error("not a command of {}", .0.name())]
    NoCommand(Class),
    /// Something stored can't be read. The message was logged and counted.
    #[error("{0}")]
    Unreadable(String),
    /// The store failed, or a value can't be written as JSON.
    #[error(transparent)]
    Store(#[from] Unavailable),
}

impl From<serde_json::Error> for HostError {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(Unavailable::new(error))
    }
}
