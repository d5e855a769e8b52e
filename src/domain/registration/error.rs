//! Why a command is refused.

use serde::{Deserialize, Serialize};

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RegistrationError {
    /// No such client, or no longer.
    #[error("the client is not registered")]
    NotRegistered,
}
