//! Secrets. Only their hashes are stored.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::entropy::{self, Entropy};

/// 32 random bytes. A holder of the hash can verify them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new secret.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(entropy::bytes(entropy))
    }

    /// A secret that was received.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to send.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash to store. The secret has full entropy, so one round of SHA-256 is enough.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0).into())
    }

    /// Derives a secret (HMAC-SHA-256). Only a holder of both this secret and `key` can derive it again.
    pub fn derive(&self, key: &Self, label: &[u8]) -> Self {
        // HMAC takes a key of any length, so this can't fail.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key.0) else {
            return Self([0; 32]);
        };
        Self(mac.chain_update(label).chain_update(self.0).finalize().into_bytes().into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// SHA-256 of a secret.
#[derive(Clone, Copy, Debug)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of a textual secret, such as a client secret.
    pub fn of_text(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether this is the hash of the secret. Compares in constant time.
    pub fn matches(&self, secret: &Secret) -> bool {
        self.is(&secret.hash())
    }

    /// Whether the two hashes are equal. Compares in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Eq for SecretHash {}

// Serialized as base64url.
macro_rules! as_base64url {
    ($type:ident) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&Base64UrlUnpadded::encode_string(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                let mut bytes = [0; 32];
                let length = Base64UrlUnpadded::decode(text.as_bytes(), &mut bytes)
                    .map_err(serde::de::Error::custom)?
                    .len();
                if length == bytes.len() {
                    Ok(Self(bytes))
                } else {
                    Err(serde::de::Error::custom("32 bytes expected"))
                }
            }
        }
    };
}
as_base64url!(Secret);
as_base64url!(SecretHash);
