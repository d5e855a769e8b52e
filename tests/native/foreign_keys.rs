//! Keys of others are checked before the platform imports them (RFC 8725 §3.4). Only `ForeignKey::check` makes the type
//! that `Signer::verify_foreign` takes.

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::SigningKey;
use serde_json::{Value, json};
use vestibule::jose::foreign_key::{ForeignKey, VerificationAlgorithm, candidates};
use vestibule::jose::jwk::JsonWebKey;

use VerificationAlgorithm::{ES256, EdDSA, PS256, RS256};

const ALL: [VerificationAlgorithm; 4] = [RS256, PS256, ES256, EdDSA];
/// The prime of P-256 (SEC 2 §2.4.2).
const PRIME: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

/// Whether a key passes. The check and the reader of key sets must agree.
fn passes(alg: VerificationAlgorithm, jwk: &Value) -> bool {
    let key: JsonWebKey = serde_json::from_value(jwk.clone()).unwrap();
    let checked = ForeignKey::check(&key, alg);
    let set = json!({ "keys": [jwk] }).to_string();
    let read = candidates(&set, alg, None).unwrap().keys;
    assert_eq!(read, checked.clone().into_iter().collect::<Vec<_>>(), "{jwk}");
    checked.is_some()
}

fn text(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn ec(curve: &str, x: &[u8], y: &[u8]) -> Value {
    json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y) })
}

/// A point on P-256.
fn point() -> ([u8; 32], [u8; 32]) {
    let point = SigningKey::from_slice(&[7; 32]).unwrap().verifying_key().to_encoded_point(false);
    ((*point.x().unwrap()).into(), (*point.y().unwrap()).into())
}

fn number(hex: &str) -> [u8; 32] {
    let bytes = base16ct::lower::decode_vec(hex).unwrap();
    bytes.try_into().unwrap()
}

/// The sum of two numbers of 32 bytes, without the carry.
fn sum(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut total = [0; 32];
    let mut carry = 0;
    for at in (0..32).rev() {
        carry += u16::from(a[at]) + u16::from(b[at]);
        total[at] = (carry & 0xff) as u8;
        carry >>= 8;
    }
    total
}

#[test]
fn a_point_on_p_256_is_a_key_for_es256_alone() {
    let (x, y) = point();
    for alg in ALL {
        assert_eq!(passes(alg, &ec("P-256", &x, &y)), alg == ES256, "{alg:?}");
    }
}

#[test]
fn a_point_off_the_curve_is_no_key() {
    let (x, y) = point();
    let mut other = y;
    other[31] ^= 1;
    assert!(!passes(ES256, &ec("P-256", &x, &other)));
    assert!(!passes(ES256, &ec("P-256", &y, &x)), "exchanged coordinates");
    // Such a point is on another curve, whose group may be small.
    for byte in 1..=50 {
        assert!(!passes(ES256, &ec("P-256", &[byte; 32], &[byte; 32])), "{byte}");
    }
}

#[test]
fn no_coordinates_stand_for_the_point_at_infinity() {
    let (x, y) = point();
    let zero = [0; 32];
    for (x, y) in [(zero, zero), (zero, y), (x, zero), (number(PRIME), number(PRIME))] {
        assert!(!passes(ES256, &ec("P-256", &x, &y)));
    }
    for (x, y) in [([].as_slice(), [].as_slice()), (&[0], &[0]), (&x, &[]), (&[], &y)] {
        assert!(!passes(ES256, &ec("P-256", x, y)));
    }
}

#[test]
fn a_coordinate_is_below_the_prime() {
    // Otherwise two texts would stand for one key. (0, y) with y² = b is on the curve, and p stands for 0.
    let y = number("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
    assert!(passes(ES256, &ec("P-256", &[0; 32], &y)));
    assert!(!passes(ES256, &ec("P-256", &number(PRIME), &y)));
    let (x, y) = point();
    for beyond in [sum(&x, &number(PRIME)), [0xff; 32]] {
        assert!(!passes(ES256, &ec("P-256", &beyond, &y)));
    }
}

#[test]
fn a_coordinate_has_32_bytes() {
    // RFC 7518 §6.2.1.2: also if it begins or ends with zeros.
    let (x, y) = point();
    for length in [0, 1, 16, 31, 33, 48, 64, 65, 66, 1000] {
        let resized = |number: &[u8], at_front: bool| {
            let mut bytes = number.to_vec();
            if at_front {
                bytes.reverse();
            }
            bytes.resize(length, 0);
            if at_front {
                bytes.reverse();
            }
            bytes
        };
        for at_front in [false, true] {
            let (long_x, long_y) = (resized(&x, at_front), resized(&y, at_front));
            assert!(!passes(ES256, &ec("P-256", &long_x, &y)), "{length}");
            assert!(!passes(ES256, &ec("P-256", &x, &long_y)), "{length}");
            assert!(!passes(ES256, &ec("P-256", &long_x, &long_y)), "{length}");
        }
    }
}

#[test]
fn a_key_of_another_curve_is_no_key_whatever_its_name() {
    let (x, y) = point();
    for curve in ["P-384", "P-521", "secp256k1", "p-256", "P-256 ", "", "Ed25519"] {
        assert!(!passes(ES256, &ec(curve, &x, &y)), "{curve}");
    }
    // The generator of P-384, and that of secp256k1 (SEC 2 §2.5.1 and §2.4.1).
    let p384 = [
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    ];
    let secp256k1 = [
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    ];
    for pair in [p384, secp256k1] {
        let [x, y] = pair.map(|hex| base16ct::lower::decode_vec(hex).unwrap());
        assert!(!passes(ES256, &ec("P-256", &x, &y)));
        let cut = |bytes: &[u8]| bytes[bytes.len() - 32..].to_vec();
        assert!(!passes(ES256, &ec("P-256", &cut(&x), &cut(&y))));
    }
}

#[test]
fn an_rsa_key_has_at_least_2048_bits_without_leading_zeros() {
    // RFC 7518 §3.3
    let rsa = |modulus: &[u8], exponent: &[u8]| json!({ "kty": "RSA", "n": text(modulus), "e": text(exponent) });
    let padded = |zeros: usize, ones: usize| [vec![0; zeros], vec![0xff; ones]].concat();
    for (modulus, is_key) in [
        (padded(0, 256), true),
        (padded(0, 512), true),
        (padded(1, 256), true),
        (padded(0, 255), false),
        (padded(1, 255), false),
        (padded(128, 128), false),
        (padded(256, 0), false),
        (padded(0, 1051), false),
        (Vec::new(), false),
    ] {
        for alg in ALL {
            let is_rsa = matches!(alg, RS256 | PS256);
            assert_eq!(passes(alg, &rsa(&modulus, &[1, 0, 1])), is_key && is_rsa);
        }
    }
    for exponent in [[].as_slice(), &[0], &[0, 0], &[1; 10]] {
        assert!(!passes(RS256, &rsa(&padded(0, 256), exponent)), "{exponent:?}");
    }
}

#[test]
fn an_ed25519_key_has_32_bytes() {
    let okp = |curve: &str, length: usize| json!({ "kty": "OKP", "crv": curve, "x": text(&vec![9; length]) });
    for alg in ALL {
        assert_eq!(passes(alg, &okp("Ed25519", 32)), alg == EdDSA);
    }
    for (curve, length) in
        [("Ed25519", 31), ("Ed25519", 33), ("Ed25519", 0), ("X25519", 32), ("Ed448", 57)]
    {
        assert!(!passes(EdDSA, &okp(curve, length)), "{curve}");
    }
}

#[test]
fn a_symmetric_key_is_no_key() {
    // RFC 8725 §3.1: else anyone who knows a public key could sign with it.
    let key: JsonWebKey = serde_json::from_value(json!({ "kty": "oct", "k": "AAAA" })).unwrap();
    assert!(ALL.iter().all(|alg| ForeignKey::check(&key, *alg).is_none()));
}

#[test]
fn the_private_half_of_a_key_does_not_reach_the_platform() {
    let (x, y) = point();
    let mut jwk = ec("P-256", &x, &y);
    jwk["d"] = json!(text(&[7; 32]));
    let key: JsonWebKey = serde_json::from_value(jwk).unwrap();
    assert!(key.is_signing_key());
    assert!(!ForeignKey::check(&key, ES256).unwrap().key().is_signing_key());
}
