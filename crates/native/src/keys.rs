//! Making keys, and verifying with public ones.

use jwt_compact::alg::{Ed25519, Es256, Rsa, RsaPrivateKey, RsaPublicKey};
use jwt_compact::{Algorithm, AlgorithmSignature};
use p256::ecdsa::SigningKey;
use rsa::pkcs8::EncodePrivateKey;
use vestibule::domain::entropy::{self, Entropy};
use vestibule::jose::foreign_key::VerificationAlgorithm;
use vestibule::jose::jwk::JsonWebKey;
use vestibule::ports::Unavailable;
use vestibule::protocol::client_metadata::SigningAlgorithm;

use crate::random::Random;

/// The size of a generated RSA modulus, in bits (RFC 7518 §3.3).
const MODULUS_BITS: usize = 2048;

/// Generates a key pair: the public half, and the private half as PKCS #8. An RSA key takes seconds in a debug build.
///
/// # Errors
/// The random bytes are no key, or the key can't be encoded.
pub fn generate(
    alg: SigningAlgorithm,
    entropy: &dyn Entropy,
) -> Result<(JsonWebKey<'static>, Vec<u8>), Unavailable> {
    let (public, private) = match alg {
        SigningAlgorithm::ES256 => {
            let scalar: [u8; 32] = entropy::bytes(entropy);
            let key = SigningKey::from_slice(&scalar).map_err(Unavailable::new)?;
            (owned(&JsonWebKey::from(key.verifying_key()))?, key.to_pkcs8_der())
        }
        SigningAlgorithm::RS256 => {
            let key = RsaPrivateKey::new(&mut Random(entropy), MODULUS_BITS);
            let key = key.map_err(Unavailable::new)?;
            (owned(&JsonWebKey::from(&RsaPublicKey::from(&key)))?, key.to_pkcs8_der())
        }
    };
    Ok((public, private.map_err(Unavailable::new)?.as_bytes().to_vec()))
}

/// The same key, without a reference to the one it was read from.
fn owned(key: &JsonWebKey<'_>) -> Result<JsonWebKey<'static>, Unavailable> {
    let json = serde_json::to_value(key).map_err(Unavailable::new)?;
    serde_json::from_value(json).map_err(Unavailable::new)
}

/// Whether a signature holds. False also if the key can't be used: `rsa` takes no modulus of more than 4096 bits.
pub fn holds(
    alg: VerificationAlgorithm,
    key: &JsonWebKey<'static>,
    input: &[u8],
    signature: &[u8],
) -> bool {
    match alg {
        VerificationAlgorithm::RS256 => holds_by(&Rsa::rs256(), key, input, signature),
        VerificationAlgorithm::PS256 => holds_by(&Rsa::ps256(), key, input, signature),
        VerificationAlgorithm::ES256 => holds_by(&Es256, key, input, signature),
        VerificationAlgorithm::EdDSA => holds_by(&Ed25519, key, input, signature),
    }
}

fn holds_by<A: Algorithm>(
    algorithm: &A,
    key: &JsonWebKey<'static>,
    input: &[u8],
    signature: &[u8],
) -> bool
where
    A::VerifyingKey: for<'a> TryFrom<&'a JsonWebKey<'static>>,
{
    let Ok(key) = A::VerifyingKey::try_from(key) else { return false };
    // `try_from_slice` of Ed25519 panics for another length.
    if A::Signature::LENGTH.is_some_and(|length| length.get() != signature.len()) {
        return false;
    }
    A::Signature::try_from_slice(signature)
        .is_ok_and(|signature| algorithm.verify_signature(&signature, &key, input))
}
