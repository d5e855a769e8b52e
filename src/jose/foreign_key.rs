//! Keys of others, which verify what they signed. They are untrusted input: only a [`ForeignKey`], which was checked,
//! reaches [`crate::ports::Signer::verify_foreign`].

use std::borrow::Cow;
use std::ops::RangeInclusive;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::elliptic_curve::sec1::FromEncodedPoint;
use p256::{EncodedPoint, FieldBytes, PublicKey};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::jwk::JsonWebKey;
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

/// A public key of someone else that was checked for one algorithm, by [`ForeignKey::check`] alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    key: JsonWebKey<'static>,
    alg: VerificationAlgorithm,
}

impl ForeignKey {
    /// A key that can verify signatures of the algorithm: of its type, a permitted size and, for ES256, a point on
    /// P-256. `None` for any other key. Private members are left out.
    pub fn check(key: &JsonWebKey<'static>, alg: VerificationAlgorithm) -> Option<Self> {
        let is_usable = match (alg, key) {
            (
                VerificationAlgorithm::RS256 | VerificationAlgorithm::PS256,
                JsonWebKey::Rsa { modulus, public_exponent, .. },
            ) => MODULUS.contains(&size(modulus)) && EXPONENT.contains(&size(public_exponent)),
            (VerificationAlgorithm::ES256, JsonWebKey::EllipticCurve { curve, x, y, .. }) => {
                curve == "P-256" && is_on_curve(x, y)
            }
            (VerificationAlgorithm::EdDSA, JsonWebKey::KeyPair { curve, x, .. }) => {
                curve == "Ed25519" && x.len() == ED25519_KEY
            }
            _ => false,
        };
        is_usable.then(|| Self { key: key.to_verifying_key(), alg })
    }

    /// The public key.
    pub fn key(&self) -> &JsonWebKey<'static> {
        &self.key
    }

    /// The algorithm that it was checked for.
    pub fn alg(&self) -> VerificationAlgorithm {
        self.alg
    }
}

/// How many keys of a set are read.
const MAX_KEYS: usize = 100;

/// The sizes of an RSA modulus, in bytes without leading zeros. One of fewer than 2048 bits is refused (RFC 7518 §3.3).
const MODULUS: RangeInclusive<usize> = 256..=1050;
/// The sizes of an RSA exponent, in bytes.
const EXPONENT: RangeInclusive<usize> = 1..=9;
/// The size of an Ed25519 public key, in bytes (RFC 8032 §5.1.5).
const ED25519_KEY: usize = 32;

/// The size of a number, in bytes without leading zeros.
fn size(number: &[u8]) -> usize {
    number.iter().skip_while(|byte| **byte == 0).count()
}

/// Whether these are the coordinates of a point on P-256, of 32 bytes each (RFC 7518 §6.2.1.2). A point that is not on
/// the curve can reveal what is computed with it (RFC 8725 §3.4).
fn is_on_curve(x: &[u8], y: &[u8]) -> bool {
    let (Ok(x), Ok(y)) = (<[u8; 32]>::try_from(x), <[u8; 32]>::try_from(y)) else { return false };
    let point =
        EncodedPoint::from_affine_coordinates(&FieldBytes::from(x), &FieldBytes::from(y), false);
    PublicKey::from_encoded_point(&point).is_some().into()
}

/// The keys of a set that may have signed a token.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// The keys, in the order of the set.
    pub keys: Vec<ForeignKey>,
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
        match ForeignObject::parse(entry.get()).and_then(Entry::read) {
            Ok(entry) if kid.is_none() || entry.kid.as_deref() == kid => {
                candidates.keys.extend(entry.key_for(alg));
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

/// An entry of a key set (RFC 7517 §4).
struct Entry {
    key: JsonWebKey<'static>,
    /// Its name (RFC 7517 §4.5).
    kid: Option<String>,
    /// The only algorithm that it may be used with (§4.4).
    alg: Option<String>,
    /// `use` (§4.2).
    key_use: Option<String>,
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`ForeignJsonError`], also if `use`, `key_ops` or `alg` can't be read: the key may be meant for another
    /// use (RFC 7517 §4.2 to §4.4).
    fn read(mut key: ForeignObject) -> Result<Self, ForeignJsonError> {
        let operations: Option<Vec<String>> = key.restriction("key_ops")?;
        if operations.is_some_and(|all| all.iter().all(|operation| operation != "verify")) {
            return Err(ForeignJsonError::Missing("verify among key_ops"));
        }
        let kty: String = key.needed("kty")?;
        let (kid, alg, key_use) =
            (key.optional("kid"), key.restriction("alg")?, key.restriction("use")?);
        let public = public_members(&kty, &mut key);
        key.finish()?;
        let public = public.ok_or(ForeignJsonError::Missing("the members of a public key"))?;
        Ok(Self { key: public, kid, alg, key_use })
    }

    /// The key, if it may verify signatures of the algorithm (RFC 7517 §4.2 and §4.4) and can.
    fn key_for(&self, alg: VerificationAlgorithm) -> Option<ForeignKey> {
        let use_fits = self.key_use.as_deref().is_none_or(|key_use| key_use == "sig");
        let alg_fits = self.alg.as_deref().is_none_or(|named| {
            named == alg.as_str() || (alg == VerificationAlgorithm::EdDSA && named == "Ed25519")
        });
        if use_fits && alg_fits { ForeignKey::check(&self.key, alg) } else { None }
    }
}

/// The members of a public key (RFC 7518 §6, RFC 8037 §2); `None` if the type is another, or one is missing. Private
/// members are never read.
fn public_members(kty: &str, key: &mut ForeignObject) -> Option<JsonWebKey<'static>> {
    let mut bytes = |name| {
        let text = key.text(name)?;
        Base64UrlUnpadded::decode_vec(&text).ok().map(Cow::Owned)
    };
    match kty {
        "RSA" => Some(JsonWebKey::Rsa {
            modulus: bytes("n")?,
            public_exponent: bytes("e")?,
            private_parts: None,
        }),
        "EC" => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            Some(JsonWebKey::EllipticCurve { curve: key.text("crv")?.into(), x, y, secret: None })
        }
        "OKP" => {
            let x = bytes("x")?;
            Some(JsonWebKey::KeyPair { curve: key.text("crv")?.into(), x, secret: None })
        }
        _ => None,
    }
}
