//! What an app asks of `/connect/{provider}`, as it waits.

use serde::{Deserialize, Serialize};

use crate::protocol::scope::Scope;

/// What an app asks for, checked: it sends the person to `/connect/{provider}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectRequest {
    /// The provider.
    pub provider: String,
    /// The app.
    pub client_id: String,
    /// Where the person is sent after; one that the app registered.
    pub redirect_uri: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// The outside scopes that the app needs.
    pub scope: Scope,
}
