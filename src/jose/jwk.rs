//! JSON Web Keys (RFC 7517, RFC 7518 §6) and their thumbprints (RFC 7638). [`JsonWebKey`] of `jwt-compact` models the
//! numbers of every key: this server's own, and those of others ([`super::foreign_key`]).

use base64ct::{Base64UrlUnpadded, Encoding};
pub use jwt_compact::jwk::JsonWebKey;
use jwt_compact_sha2::Sha256;
use serde::{Deserialize, Serialize};

use crate::protocol::client_metadata::SigningAlgorithm;

/// A key that this server publishes: [`JsonWebKey`] has its numbers, and none of the members that say how the key is
/// used (RFC 7517 §4.2, §4.4 and §4.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jwk {
    /// The public key.
    #[serde(flatten)]
    pub key: JsonWebKey<'static>,
    /// The key's thumbprint.
    pub kid: String,
    /// The only algorithm for which it is used.
    pub alg: SigningAlgorithm,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
}

/// `JsonWebKey` compares bytes, and only doesn't say that it does.
impl Eq for Jwk {}

impl Jwk {
    /// A key whose `kid` is its thumbprint. Private members are left out.
    pub fn new(key: &JsonWebKey<'static>, alg: SigningAlgorithm) -> Self {
        let key = key.to_verifying_key();
        Self { kid: thumbprint(&key), key, alg, key_use: "sig".to_owned() }
    }
}

/// The SHA-256 thumbprint of a key (RFC 7638 §3), in base64url.
pub fn thumbprint(key: &JsonWebKey<'_>) -> String {
    Base64UrlUnpadded::encode_string(&key.thumbprint::<Sha256>())
}

/// A JWK Set (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}
