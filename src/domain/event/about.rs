//! Whom and what an event concerns.

use serde::{Deserialize, Serialize};

use super::text::{MAX_SCOPE, Text};

/// Whom and what an event concerns, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The account's ID, which is the user's `sub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Text>,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Text>,
    /// The grant's ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<Text>,
    /// The provider's name in the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Text>,
    /// The grant type of a token request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<Text>,
    /// The scopes, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Text<MAX_SCOPE>>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}
