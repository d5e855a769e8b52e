//! An authorization code that was issued and not redeemed yet (RFC 6749 §4.1, OAuth 2.1 §4.1).

use serde::{Deserialize, Serialize};

use super::Authorization;
use crate::domain::secret::SecretHash;
use crate::domain::time::Timestamp;
use crate::protocol::pkce::CodeChallenge;

/// The hash of the code's secret, and what the code stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingCode {
    /// The hash of the code's secret.
    pub code: SecretHash,
    /// When the code expires (RFC 6749 §4.1.2: shortly).
    pub expires_at: Timestamp,
    /// The `code_challenge` of the authorization request (RFC 7636 §4.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// The redirect URI to which the code was sent.
    pub redirect_uri: String,
    /// What the user allowed.
    pub authorization: Authorization,
}
