//! The ID of a connection of an account.

use serde::{Deserialize, Serialize};

use crate::domain::machine::Address;
use crate::tenant::ObjectName;

/// Identifies one connection of an account.
///
/// A provider's `id` contains no slash, so two different connections never have the same text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionId {
    provider: String,
    client_id: Option<String>,
}

impl ConnectionId {
    /// The connection to `provider` that belongs to the app `client_id`, with the scopes that the user
    /// approved for that app alone. Without `client_id`: the account-wide connection, which the user began
    /// on the account page for every app with the scope `connection:{provider}`.
    ///
    /// `None` if `provider` contains a slash. No provider's `id` does, and the text could otherwise be that
    /// of another app's connection.
    pub fn new(provider: &str, client_id: Option<&str>) -> Option<Self> {
        let (provider, client_id) = (provider.to_owned(), client_id.map(String::from));
        (!provider.contains('/')).then_some(Self { provider, client_id })
    }

    /// Reads the text that `Display` writes.
    pub fn parse(text: &str) -> Self {
        let (provider, client_id) = match text.split_once('/') {
            Some((provider, client_id)) => (provider, Some(client_id.to_owned())),
            None => (text, None),
        };
        Self { provider: provider.to_owned(), client_id }
    }

    /// The provider's `id` in the settings.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The app that the connection belongs to; `None` for the account-wide one.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }
}

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.provider)?;
        match &self.client_id {
            Some(client_id) => write!(formatter, "/{client_id}"),
            None => Ok(()),
        }
    }
}

/// The address of the object that hosts one connection.
pub fn address(account: &str, id: &ConnectionId) -> Address {
    Address::Name(ObjectName::connection(account, id))
}
