//! Proof Key for Code Exchange (RFC 7636), with the method `S256` only.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Why a challenge or a verifier is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// RFC 7636 §4.2: the SHA-256 of the verifier in base64url is 43 characters long.
    #[error("code_challenge must be 43 characters of base64url")]
    Challenge,
    /// OAuth 2.1 §4.1.1: `plain` protects nothing.
    #[error("code_challenge_method must be S256")]
    Method,
    /// RFC 7636 §4.1.
    #[error("code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    Verifier,
}

/// `code_challenge` (RFC 7636 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Parses the challenge and checks its method.
    ///
    /// # Errors
    /// [`PkceError::Method`] for any method but `S256`, and for none, because that means `plain`.
    pub fn parse(challenge: &str, method: Option<&str>) -> Result<Self, PkceError> {
        if method != Some("S256") {
            return Err(PkceError::Method);
        }
        let mut digest = [0; 32];
        match Base64UrlUnpadded::decode(challenge, &mut digest).map(<[u8]>::len) {
            Ok(32) => Ok(Self(challenge.to_owned())),
            _ => Err(PkceError::Challenge),
        }
    }

    /// Whether the challenge was made from this verifier (RFC 7636 §4.6).
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        let computed = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.0.as_bytes()));
        computed.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

/// `code_verifier` (RFC 7636 §4.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// Parses the verifier.
    ///
    /// # Errors
    /// [`PkceError::Verifier`] for a wrong length or character.
    pub fn parse(value: &str) -> Result<Self, PkceError> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (43..=128).contains(&value.len()) && value.bytes().all(unreserved) {
            Ok(Self(value.to_owned()))
        } else {
            Err(PkceError::Verifier)
        }
    }
}

impl std::fmt::Debug for CodeVerifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CodeVerifier(..)")
    }
}
