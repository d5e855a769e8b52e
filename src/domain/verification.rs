//! Which apps the operator has verified (`VERIFIED_CLIENTS`).
//!
//! The developer of an app can change its name, logo and redirect URIs at any time. So an app is
//! verified by a fingerprint of what users rely on, and not by its `client_id` alone.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use super::client::Client;
use crate::protocol::client_metadata::ClientMetadata;

/// The length of a fingerprint in characters of base64url. The hash isn't truncated: a developer who
/// controls both the app to be verified and the one that replaces it needs any collision, and with 16
/// bytes that takes only 2^64 attempts.
const LENGTH: usize = 43;

/// The fingerprint of what users see of an app and of where its responses are sent: the SHA-256 of a JSON array, in
/// base64url. The order of the URIs doesn't matter.
pub fn fingerprint(metadata: &ClientMetadata) -> String {
    let sorted = |uris: &[String]| {
        let mut uris = uris.to_vec();
        uris.sort_unstable();
        uris.dedup();
        uris
    };
    let ClientMetadata { client_name, client_uri, logo_uri, policy_uri, tos_uri, .. } = metadata;
    // In JSON, values can't run into each other, and an absent value differs from an empty one.
    let covered = serde_json::json!([
        client_name,
        client_uri,
        logo_uri,
        policy_uri,
        tos_uri,
        sorted(&metadata.redirect_uris),
        sorted(&metadata.post_logout_redirect_uris),
    ]);
    Base64UrlUnpadded::encode_string(&Sha256::digest(covered.to_string()))
}

/// An entry of `VERIFIED_CLIENTS`: an app, and its fingerprint when the operator verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedClient {
    client_id: String,
    fingerprint: String,
}

impl VerifiedClient {
    /// The entry that verifies this client as it is now.
    pub fn of(client: &Client) -> Self {
        let fingerprint = fingerprint(&client.metadata);
        Self { client_id: client.client_id.clone(), fingerprint }
    }

    /// Reads `client_id=fingerprint`; `None` for anything else.
    pub fn parse(entry: &str) -> Option<Self> {
        let (client_id, fingerprint) = entry.rsplit_once('=')?;
        let is_fingerprint = fingerprint.len() == LENGTH
            && fingerprint.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        (is_fingerprint && !client_id.is_empty())
            .then(|| Self { client_id: client_id.to_owned(), fingerprint: fingerprint.to_owned() })
    }

    /// Whether this entry verifies the client as it is now.
    pub fn verifies(&self, client: &Client) -> bool {
        self.client_id == client.client_id && self.fingerprint == fingerprint(&client.metadata)
    }
}

impl std::fmt::Display for VerifiedClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}={}", self.client_id, self.fingerprint)
    }
}
