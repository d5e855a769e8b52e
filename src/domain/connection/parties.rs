//! Who is connected to whom.

use serde::{Deserialize, Serialize};

/// Whose account is connected to which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The account here.
    pub account: String,
    /// The provider, as it is configured here.
    pub provider: String,
    /// The account's `sub` there.
    pub subject: String,
    /// How it is called there.
    pub label: String,
}
