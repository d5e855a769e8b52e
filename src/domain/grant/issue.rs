//! What a grant hands to the token endpoint.

use serde::{Deserialize, Serialize};

use super::Authorization;
use super::device_response::Repeatable;
use crate::domain::secret::Secret;

/// What the token endpoint issues tokens for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// What was allowed.
    pub authorization: Authorization,
    /// The refresh token's number and secret, if there is one.
    pub refresh_token: Option<(u32, Secret)>,
    /// For a device code: the claims of the access token that each copy of the response repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeatable: Option<Repeatable>,
}
