//! What a grant tells its account.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// The grant is over: nothing that was issued can be used any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantEnded(pub String);

/// The grant was asked ([`Report`](super::to_grant::Report)) and is not over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantStands {
    /// The grant.
    pub grant_id: String,
    /// Whether its code was redeemed, or its device has its tokens.
    pub redeemed: bool,
    /// When it is over, unless it is refreshed.
    pub over_at: Timestamp,
}

/// An access token of the grant was revoked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessTokenRevoked {
    /// The grant.
    pub grant_id: String,
    /// The token.
    pub jti: String,
    /// When it expires by itself.
    pub expires_at: Timestamp,
}
