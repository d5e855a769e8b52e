//! The native port of keys and signatures verifies what WebCrypto signed, and uses its keys. The other way round:
//! `tests/black_box/signatures.test.mjs`.

use base64ct::{Base64UrlUnpadded, Encoding};
use futures_lite::future::block_on;
use serde::Deserialize;
use vestibule::host::KeyCrypto;
use vestibule::jose::foreign_key::{ForeignKey, VerificationAlgorithm};
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::protocol::client_metadata::SigningAlgorithm;
use vestibule_native::NativeCrypto;

use crate::support::SeededEntropy;

#[derive(Deserialize)]
struct Vectors {
    input: String,
    webcrypto: Vec<Vector>,
    native: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    alg: VerificationAlgorithm,
    jwk: JsonWebKey<'static>,
    /// The private half, for the algorithms with which this server signs.
    pkcs8: Option<String>,
    signature: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/signatures.json")).unwrap()
}

fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

fn crypto() -> NativeCrypto {
    NativeCrypto::new(SeededEntropy::new())
}

fn holds(key: &ForeignKey, input: &[u8], signature: &[u8]) -> bool {
    block_on(crypto().verify_foreign(key, input, signature)).unwrap()
}

impl Vector {
    fn key(&self) -> ForeignKey {
        ForeignKey::check(&self.jwk, self.alg).unwrap()
    }

    /// The key as one of this server, and its private half.
    fn own(&self) -> Option<(Jwk, Vec<u8>)> {
        let alg = match self.alg {
            VerificationAlgorithm::ES256 => SigningAlgorithm::ES256,
            VerificationAlgorithm::RS256 => SigningAlgorithm::RS256,
            _ => return None,
        };
        Some((Jwk::new(&self.jwk, alg), decode(self.pkcs8.as_ref()?)))
    }
}

#[test]
fn what_webcrypto_signed_verifies_natively_and_nothing_else_does() {
    let Vectors { input, webcrypto, .. } = vectors();
    let input = input.as_bytes();
    assert_eq!(webcrypto.len(), 4, "one for each algorithm");
    for vector in &webcrypto {
        let (alg, signature) = (vector.alg, decode(&vector.signature));
        assert!(holds(&vector.key(), input, &signature), "{alg:?}");
        assert!(!holds(&vector.key(), &input[1..], &signature), "{alg:?}: another text");
        for at in [0, signature.len() / 2, signature.len() - 1] {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!holds(&vector.key(), input, &changed), "{alg:?}: byte {at}");
        }
        for other in &webcrypto {
            let is_same = other.alg == alg;
            assert_eq!(holds(&other.key(), input, &signature), is_same, "{alg:?} {:?}", other.alg);
        }
    }
    // RS256 and PS256 have keys of the same kind, so only the algorithm tells them apart.
    let of = |alg| webcrypto.iter().find(|vector| vector.alg == alg).unwrap();
    let (rs, ps) = (of(VerificationAlgorithm::RS256), of(VerificationAlgorithm::PS256));
    let as_ps = ForeignKey::check(&rs.jwk, VerificationAlgorithm::PS256).unwrap();
    let as_rs = ForeignKey::check(&ps.jwk, VerificationAlgorithm::RS256).unwrap();
    assert!(!holds(&as_ps, input, &decode(&rs.signature)));
    assert!(!holds(&as_rs, input, &decode(&ps.signature)));
}

#[test]
fn a_signature_of_any_length_is_wrong_rather_than_an_error() {
    for vector in vectors().webcrypto {
        let key = vector.key();
        for length in (0..=130).chain([255, 256, 257, 512, 10_000]) {
            for byte in [0, 1, 0xff] {
                assert!(!holds(&key, b"input", &vec![byte; length]), "{:?}: {length}", vector.alg);
            }
        }
    }
}

#[test]
fn a_private_key_of_webcrypto_signs_natively() {
    let Vectors { input, webcrypto, .. } = vectors();
    let mut signed = 0;
    for (vector, (jwk, pkcs8)) in webcrypto.iter().filter_map(|it| Some((it, it.own()?))) {
        let crypto = crypto();
        assert!(!crypto.holds_private(&jwk.kid));
        block_on(crypto.import_private(&jwk, &pkcs8)).unwrap();
        assert!(crypto.holds_private(&jwk.kid));
        let signature = block_on(crypto.sign(&jwk.kid, input.as_bytes())).unwrap();
        assert!(block_on(crypto.verify(&jwk, input.as_bytes(), &signature)).unwrap());
        let earlier = decode(&vector.signature);
        assert!(block_on(crypto.verify(&jwk, input.as_bytes(), &earlier)).unwrap());
        // PKCS #1 v1.5 has no randomness (RFC 8017 §8.2), so both sides write the same.
        assert!(vector.alg == VerificationAlgorithm::ES256 || signature == earlier);
        signed += 1;
    }
    assert_eq!(signed, 2);
}

#[test]
fn the_native_port_signs_as_the_vectors_say_that_webcrypto_verifies() {
    // ECDSA has no randomness here (RFC 6979), so the vectors are what it signs today.
    let Vectors { input, native, .. } = vectors();
    assert_eq!(native.len(), 2, "ES256 and RS256");
    for vector in &native {
        let (jwk, pkcs8) = vector.own().unwrap();
        let crypto = crypto();
        block_on(crypto.import_private(&jwk, &pkcs8)).unwrap();
        let signature = block_on(crypto.sign(&jwk.kid, input.as_bytes())).unwrap();
        assert_eq!(signature, decode(&vector.signature), "{:?}", vector.alg);
        assert!(holds(&vector.key(), input.as_bytes(), &signature));
    }
}

#[test]
fn a_key_that_another_server_issued_signs_without_being_held() {
    let Vectors { input, webcrypto, .. } = vectors();
    for vector in &webcrypto {
        let Some((_, pkcs8)) = vector.own() else { continue };
        let signature = block_on(crypto().sign_with(&pkcs8, input.as_bytes()));
        match vector.alg {
            VerificationAlgorithm::ES256 => {
                assert!(holds(&vector.key(), input.as_bytes(), &signature.unwrap()));
            }
            alg => assert!(signature.is_err(), "{alg:?}"),
        }
    }
}

#[test]
fn a_key_that_was_not_imported_or_is_none_is_an_error_and_no_panic() {
    let crypto = crypto();
    assert!(block_on(crypto.sign("unknown", b"input")).is_err());
    let (jwk, pkcs8) = vectors().native[0].own().unwrap();
    for junk in [&[] as &[u8], b"junk", &pkcs8[1..], &pkcs8[..pkcs8.len() - 1]] {
        assert!(block_on(crypto.import_private(&jwk, junk)).is_err());
        assert!(block_on(crypto.sign_with(junk, b"input")).is_err());
    }
    assert!(!crypto.holds_private(&jwk.kid));
}
