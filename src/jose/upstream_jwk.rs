//! Keys of other servers. They are untrusted input.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject};

/// The algorithms with which other servers may sign: common asymmetric ones (RFC 7518 §3.1, RFC 8037 §3.1). Never
/// `none`, and never a symmetric one, with which anyone who knows the public key could sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the specification")]
pub enum VerificationAlgorithm {
    RS256,
    PS256,
    ES256,
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDSA,
}

impl VerificationAlgorithm {
    /// The value of `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// A public key of another server (RFC 7517 §4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct UpstreamJwk {
    pub kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// How many keys of a set are read.
const MAX_KEYS: usize = 100;

/// The length of a P-256 coordinate (RFC 7518 §6.2.1.2) and of an Ed25519 public key (RFC 8037 §2), in
/// characters of base64url.
const COORDINATE: usize = 43;

impl UpstreamJwk {
    /// Reads a key.
    ///
    /// # Errors
    /// [`ForeignJsonError`], also if `use`, `key_ops` or `alg` can't be read: the key may be meant for another
    /// use (RFC 7517 §4.2 to §4.4).
    fn read(mut key: ForeignObject) -> Result<Self, ForeignJsonError> {
        let operations: Option<Vec<String>> = key.restriction("key_ops")?;
        if operations.is_some_and(|all| all.iter().all(|operation| operation != "verify")) {
            return Err(ForeignJsonError::Missing("verify among key_ops"));
        }
        let read = Self {
            kty: key.needed("kty")?,
            kid: key.optional("kid"),
            alg: key.restriction("alg")?,
            key_use: key.restriction("use")?,
            crv: key.text("crv"),
            x: key.text("x"),
            y: key.text("y"),
            n: key.text("n"),
            e: key.text("e"),
        };
        key.finish().map(|_| read)
    }

    /// Whether this key may verify signatures of the algorithm (RFC 7517 §4.2 to §4.4).
    fn fits(&self, alg: VerificationAlgorithm) -> bool {
        let curve = self.crv.as_deref();
        let has_length = |number: &Option<String>, allowed: std::ops::RangeInclusive<usize>| {
            number.as_ref().is_some_and(|number| allowed.contains(&number.len()))
        };
        let is_coordinate = |number| has_length(number, COORDINATE..=COORDINATE);
        let kind = match alg {
            // A modulus of fewer than 2048 bits is refused (RFC 7518 §3.3): 342 characters.
            VerificationAlgorithm::RS256 | VerificationAlgorithm::PS256 => {
                self.kty == "RSA" && has_length(&self.n, 342..=1400) && has_length(&self.e, 2..=12)
            }
            VerificationAlgorithm::ES256 => {
                self.kty == "EC"
                    && curve == Some("P-256")
                    && is_coordinate(&self.x)
                    && is_coordinate(&self.y)
            }
            VerificationAlgorithm::EdDSA => {
                self.kty == "OKP" && curve == Some("Ed25519") && is_coordinate(&self.x)
            }
        };
        let use_fits = self.key_use.as_deref().is_none_or(|key_use| key_use == "sig");
        let alg_fits = self.alg.as_deref().is_none_or(|named| {
            named == alg.as_str() || (alg == VerificationAlgorithm::EdDSA && named == "Ed25519")
        });
        kind && use_fits && alg_fits
    }

    /// The key with only its numbers, for import by the platform.
    pub fn public_numbers(&self) -> String {
        let bare = Self { kid: None, alg: None, key_use: None, ..self.clone() };
        serde_json::to_string(&bare).unwrap_or_default()
    }
}

/// The keys of a set that may have signed a token.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// The keys, in the order of the set.
    pub keys: Vec<UpstreamJwk>,
    /// The names of members that made a key unusable.
    pub odd: Vec<&'static str>,
}

/// The keys that may have signed the token: those that fit the algorithm and have the `kid`, if there is one (OpenID
/// Connect Core §10.1). Keys that can't be read are skipped (RFC 7517 §5).
///
/// # Errors
/// [`ForeignJsonError`] for a set without `keys`.
pub fn candidates(
    json: &str,
    alg: VerificationAlgorithm,
    kid: Option<&str>,
) -> Result<Candidates, ForeignJsonError> {
    let set: Vec<Box<RawValue>> = ForeignObject::parse(json)?.needed("keys")?;
    let mut candidates = Candidates::default();
    for entry in set.iter().take(MAX_KEYS) {
        match ForeignObject::parse(entry.get()).and_then(UpstreamJwk::read) {
            Ok(key) if key.fits(alg) && (kid.is_none() || key.kid.as_deref() == kid) => {
                candidates.keys.push(key);
            }
            Err(ForeignJsonError::Odd(name) | ForeignJsonError::Repeated(name))
                if !candidates.odd.contains(&name) =>
            {
                candidates.odd.push(name);
            }
            _ => {}
        }
    }
    Ok(candidates)
}
