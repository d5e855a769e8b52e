//! JSON Web Keys (RFC 7517, RFC 7518 §6) and their thumbprints (RFC 7638).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::protocol::client_metadata::SigningAlgorithm;

/// The public half of a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicKey {
    /// A point on P-256 (RFC 7518 §6.2.1); coordinates in base64url.
    #[serde(rename = "EC")]
    Ec {
        /// Always `P-256`.
        crv: String,
        /// The x coordinate.
        x: String,
        /// The y coordinate.
        y: String,
    },
    /// An RSA key (RFC 7518 §6.3.1); numbers in base64url.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
}

impl PublicKey {
    /// The SHA-256 thumbprint (RFC 7638 §3), which is the key's `kid`.
    pub fn thumbprint(&self) -> String {
        // RFC 7638 §3.2: the required members in lexicographic order, without white space.
        let canonical = match self {
            Self::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        Base64UrlUnpadded::encode_string(&Sha256::digest(canonical.as_bytes()))
    }
}

/// A key in the JWKS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// The public key.
    #[serde(flatten)]
    pub key: PublicKey,
    /// The key's thumbprint.
    pub kid: String,
    /// The only algorithm for which it is used.
    pub alg: SigningAlgorithm,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
}

impl Jwk {
    /// A key whose `kid` is its thumbprint.
    pub fn new(key: PublicKey, alg: SigningAlgorithm) -> Self {
        Self { kid: key.thumbprint(), key, alg, key_use: "sig".to_owned() }
    }
}

/// A JWK Set (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}
