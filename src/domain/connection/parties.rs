//! The two accounts of a connection.

use serde::{Deserialize, Serialize};

/// The account here and the account at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The account here.
    pub account: String,
    /// The provider's ID in this server's configuration.
    pub provider: String,
    /// The `sub` of the account at the provider.
    pub subject: String,
    /// What the account is called at the provider: an address or a name.
    pub label: String,
}
