//! The account to which an address leads.

use serde::{Deserialize, Serialize};

/// The account to which an address leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadsTo {
    /// The account with this ID.
    Account(String),
    /// No account.
    Nobody,
}
