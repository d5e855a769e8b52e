//! What tokens are issued for.

use serde::{Deserialize, Serialize};

use super::Authorization;
use super::device_response::Repeatable;
use crate::domain::secret::Secret;

/// What tokens are issued for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// What was allowed.
    pub authorization: Authorization,
    /// The refresh token's number and secret, where there is one.
    pub refresh_token: Option<(u32, Secret)>,
    /// For a device code: the claims of the access token that a repeated response repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeatable: Option<Repeatable>,
}
