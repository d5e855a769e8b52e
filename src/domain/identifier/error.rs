//! Why an address can't lead to an account.

use serde::{Deserialize, Serialize};

/// Why an address can't lead to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum IdentifierError {
    /// It is another account's.
    #[error("the address belongs to another account")]
    Taken,
}
