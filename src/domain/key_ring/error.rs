//! Why a command is refused.

use serde::{Deserialize, Serialize};

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum KeyRingError {
    /// The key is being made.
    #[error("the key is being made")]
    Making,
}
