//! Why a command is refused.

use serde::{Deserialize, Serialize};

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RegistrationError {
    /// The client was never registered, or was deleted.
    #[error("the client is not registered")]
    NotRegistered,
}
