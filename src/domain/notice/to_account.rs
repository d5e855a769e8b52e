//! The commands that a grant sends to its account.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// The grant has ended: nothing that was issued can be used any more. Holds the grant's ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantEnded(pub String);

/// The answer to [`Report`](super::to_grant::Report) of a grant that hasn't ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantStands {
    /// The grant's ID.
    pub grant_id: String,
    /// Whether its code was redeemed, or its device has its tokens.
    pub redeemed: bool,
    /// When it ends unless it is refreshed.
    pub over_at: Timestamp,
}

/// An access token of the grant was revoked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessTokenRevoked {
    /// The grant's ID.
    pub grant_id: String,
    /// The `jti` of the token.
    pub jti: String,
    /// When the token expires anyway.
    pub expires_at: Timestamp,
}
