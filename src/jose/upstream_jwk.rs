//! Keys of other servers: read with caution, since whoever wrote them is not this server.

use serde::{Deserialize, Serialize};

/// The algorithms in which other servers may sign: the asymmetric ones of the field (RFC 7518 §3.1,
/// RFC 8037 §3.1). Never `none`, and never a symmetric one, for which a public key would do.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct UpstreamJwk {
    pub kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// How many keys of one set are looked at.
const MAX_KEYS: usize = 100;

impl UpstreamJwk {
    /// Whether signatures of that algorithm may be verified with this key (RFC 7517 §4.2 to §4.4).
    fn fits(&self, alg: VerificationAlgorithm) -> bool {
        let curve = self.crv.as_deref();
        let kind = match alg {
            // A modulus of fewer than 2048 bits is refused (RFC 7518 §3.3): 342 characters.
            VerificationAlgorithm::RS256 | VerificationAlgorithm::PS256 => {
                self.kty == "RSA"
                    && self.n.as_ref().is_some_and(|n| (342..=1400).contains(&n.len()))
            }
            VerificationAlgorithm::ES256 => self.kty == "EC" && curve == Some("P-256"),
            VerificationAlgorithm::EdDSA => self.kty == "OKP" && curve == Some("Ed25519"),
        };
        let use_fits = self.key_use.as_deref().is_none_or(|key_use| key_use == "sig");
        let alg_fits = self.alg.as_deref().is_none_or(|named| {
            named == alg.as_str() || (alg == VerificationAlgorithm::EdDSA && named == "Ed25519")
        });
        kind && use_fits && alg_fits
    }

    /// The key as the platform imports it: its numbers alone.
    pub fn public_numbers(&self) -> String {
        let bare = Self { kid: None, alg: None, key_use: None, ..self.clone() };
        serde_json::to_string(&bare).unwrap_or_default()
    }
}

/// The keys that may have signed: those that fit the algorithm, and bear the name where one is given
/// (OpenID Connect Core §10.1). Keys that cannot be read are passed over (RFC 7517 §5).
pub fn candidates(
    json: &str,
    alg: VerificationAlgorithm,
    kid: Option<&str>,
) -> Option<Vec<UpstreamJwk>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set =
        serde_json::from_str(json).ok().filter(|_| json.trim_start().starts_with('{'))?;
    let keys = set.keys.into_iter().take(MAX_KEYS).filter(serde_json::Value::is_object);
    let keys = keys.filter_map(|key| serde_json::from_value::<UpstreamJwk>(key).ok());
    let named = |key: &UpstreamJwk| kid.is_none() || key.kid.as_deref() == kid;
    Some(keys.filter(|key| key.fits(alg) && named(key)).collect())
}
