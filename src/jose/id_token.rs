//! ID tokens (OpenID Connect Core §2).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access_token::Audience;
use crate::protocol::claims::ClaimsObject;

/// The claims of an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdToken {
    /// Issuer.
    pub iss: String,
    /// The account.
    pub sub: String,
    /// The client.
    pub aud: Audience,
    /// `azp`: the client to which it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Expires at, seconds since 1970.
    pub exp: i64,
    /// When the user authenticated, in seconds since 1970; absent if that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The request's `nonce`, unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Authentication context class.
    pub acr: String,
    /// Authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// The session's `sid`, for logout (Front-Channel Logout §3).
    pub sid: String,
    /// `at_hash`, which binds the access token (§3.1.3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Claims about the user that the `claims` parameter requested for the ID token (§5.5).
    #[serde(flatten)]
    pub claims: ClaimsObject,
}

/// `at_hash`: the left half of the hash of the access token (OpenID Connect Core §3.1.3.6). Both signing algorithms use
/// SHA-256.
pub fn at_hash(access_token: &str) -> String {
    let digest = Sha256::digest(access_token.as_bytes());
    let (left, _) = digest.split_at(digest.len() / 2);
    Base64UrlUnpadded::encode_string(left)
}
