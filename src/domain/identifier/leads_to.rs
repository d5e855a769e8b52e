//! Where an address leads.

use serde::{Deserialize, Serialize};

/// Where the address leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadsTo {
    /// To this account.
    Account(String),
    /// To none.
    Nobody,
}
