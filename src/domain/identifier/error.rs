//! Why an address can't be claimed.

use serde::{Deserialize, Serialize};

/// Why an address can't be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum IdentifierError {
    /// The address belongs to another account.
    #[error("the address belongs to another account")]
    Taken,
}
