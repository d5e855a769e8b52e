//! An app's request to `/connect/{provider}` while it waits.

use serde::{Deserialize, Serialize};

use crate::protocol::scope::Scope;

/// A validated request of an app that sends the user to `/connect/{provider}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectRequest {
    /// The provider's `id`.
    pub provider: String,
    /// The app's client ID.
    pub client_id: String,
    /// Where the user is redirected afterwards: a redirect URI that the app registered.
    pub redirect_uri: String,
    /// Returned to the app unchanged.
    pub state: Option<String>,
    /// The outside scopes that the app needs.
    pub scope: Scope,
}
