//! The account, client and other things that an event concerns.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::text::{MAX_SCOPE, Text};

/// What an event concerns, as far as that is known. In JSON, an object with the members that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct About {
    /// The account's ID, which is the user's `sub`.
    pub account: Option<Text>,
    /// The `client_id`.
    pub client_id: Option<Text>,
    /// The grant's ID.
    pub grant_id: Option<Text>,
    /// The provider's name in the settings.
    pub provider: Option<Text>,
    /// The grant type of a token request.
    pub grant_type: Option<Text>,
    /// The scopes, separated by spaces.
    pub scope: Option<Text<MAX_SCOPE>>,
    /// Why a sign-in or a token request failed ([`SignInFailure`](super::SignInFailure),
    /// [`TokenRefusal`](super::TokenRefusal)).
    pub reason: Option<Text>,
}

// Written and read as a map of strings: a derived implementation would make the worker larger.
impl Serialize for About {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = [
            ("account", self.account.as_ref().map(Text::as_str)),
            ("client_id", self.client_id.as_ref().map(Text::as_str)),
            ("grant_id", self.grant_id.as_ref().map(Text::as_str)),
            ("provider", self.provider.as_ref().map(Text::as_str)),
            ("grant_type", self.grant_type.as_ref().map(Text::as_str)),
            ("scope", self.scope.as_ref().map(Text::as_str)),
            ("reason", self.reason.as_ref().map(Text::as_str)),
        ];
        serializer.collect_map(members.into_iter().filter_map(|(name, text)| Some((name, text?))))
    }
}

/// Reads what [`Serialize`] wrote. Checks no limits: the values were cut off when the event was made.
impl From<BTreeMap<String, String>> for About {
    fn from(mut members: BTreeMap<String, String>) -> Self {
        let mut text = |name: &str| members.remove(name);
        Self {
            account: text("account").map(Text::stored),
            client_id: text("client_id").map(Text::stored),
            grant_id: text("grant_id").map(Text::stored),
            provider: text("provider").map(Text::stored),
            grant_type: text("grant_type").map(Text::stored),
            scope: text("scope").map(Text::stored),
            reason: text("reason").map(Text::stored),
        }
    }
}
