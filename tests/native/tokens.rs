//! Keys, signatures and the claims in tokens.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use futures_lite::future::block_on;
use serde::de::IgnoredAny;
use serde_json::json;
use vestibule::jose::access_token::Audience;
use vestibule::jose::id_token::at_hash;
use vestibule::jose::jwk::{JsonWebKey, Jwk, thumbprint};
use vestibule::jose::jws::{Header, JwsError, Unverified, compact, signing_input};
use vestibule::ports::{Clock, Signer};
use vestibule::protocol::client_metadata::SigningAlgorithm;

use crate::support::World;

#[test]
fn the_thumbprint_is_the_one_of_rfc_7638_section_3_1() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc\
             _BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ\
             R0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF\
             TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let key: JsonWebKey =
        serde_json::from_value(json!({ "kty": "RSA", "n": n, "e": "AQAB" })).unwrap();
    assert_eq!(thumbprint(&key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn a_published_key_has_the_same_text_as_in_earlier_releases() {
    // RFC 7515 appendix A.3.1; for RSA, a modulus of 2048 bits.
    let modulus = Base64UrlUnpadded::encode_string(&[0xc5; 256]);
    let ec = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
    let rsa = format!(r#""kty":"RSA","n":"{modulus}","e":"AQAB""#);
    for (numbers, alg, kid) in [
        (ec, SigningAlgorithm::ES256, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"),
        (&rsa, SigningAlgorithm::RS256, "OEYJdLLCzIAGC4p2tvHFAxFkN4jmt65qs3VHZUtxFQk"),
    ] {
        let key: JsonWebKey = serde_json::from_str(&format!("{{{numbers}}}")).unwrap();
        let jwk = Jwk::new(&key, alg);
        let alg = alg.as_str();
        let text = format!(r#"{{{numbers},"kid":"{kid}","alg":"{alg}","use":"sig"}}"#);
        assert_eq!(serde_json::to_string(&jwk).unwrap(), text);
        assert_eq!(serde_json::from_str::<Jwk>(&text).unwrap(), jwk);
    }
}

#[test]
fn the_private_half_of_a_key_is_never_published() {
    let (d, p, q) = ("AQ", "Aw", "BQ");
    for key in [
        json!({ "kty": "EC", "crv": "P-256", "x": "AQ", "y": "Ag", "d": d }),
        json!({ "kty": "RSA", "n": "AQ", "e": "AQAB", "d": d, "p": p, "q": q }),
    ] {
        let key: JsonWebKey = serde_json::from_value(key).unwrap();
        assert!(key.is_signing_key());
        let jwk = serde_json::to_value(Jwk::new(&key, SigningAlgorithm::ES256)).unwrap();
        assert!(jwk.get("d").is_none() && jwk.get("p").is_none(), "{jwk}");
        assert_eq!(
            jwk["kid"],
            json!(thumbprint(&key)),
            "the thumbprint is that of the public half"
        );
    }
}

#[test]
fn at_hash_is_the_left_half_of_the_hash() {
    // OpenID Connect Core §3.1.3.6, with the example of its appendix A.
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert_eq!(at_hash(token), "77QmUPtjPfzWtF2AnpK9RQ");
}

#[test]
fn a_token_signed_with_either_algorithm_verifies_and_a_changed_one_does_not() {
    let world = World::new(&[]);
    for alg in [SigningAlgorithm::ES256, SigningAlgorithm::RS256] {
        let keys = block_on(world.signer.keys(alg)).unwrap();
        let pair = keys.signing_key(alg, world.clock.now()).unwrap();
        let header = Header { alg, typ: "JWT".into(), kid: pair.public.kid.clone() };
        let input = signing_input(&header, &json!({ "sub": "a" })).unwrap();
        let signature = block_on(world.signer.sign(pair, input.as_bytes())).unwrap();
        let token = compact(input, &signature);
        let read = Unverified::<Header>::parse(&token).unwrap();
        let verify = |input: &[u8]| {
            block_on(world.signer.verify(&pair.public, input, &read.signature)).unwrap()
        };
        assert!(verify(read.signing_input.as_bytes()));
        assert!(!verify(read.signing_input.replace('.', ".A").as_bytes()));
    }
}

#[test]
fn a_token_with_alg_none_or_an_unknown_algorithm_is_not_even_read() {
    // RFC 8725 §3.1
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256","typ":"JWT","kid":"k"}"#] {
        let header = Base64UrlUnpadded::encode_string(header.as_bytes());
        assert!(Unverified::<Header>::parse(&format!("{header}.e30.AA")).is_err());
    }
    for junk in ["", ".", "..", "a.b.c", &"x".repeat(10_000)] {
        assert!(Unverified::<Header>::parse(junk).is_err());
    }
}

#[test]
fn one_audience_is_a_string_and_several_are_a_list() {
    // RFC 7519 §4.1.3
    let aud = |values: &[&str]| {
        let values: Vec<String> = values.iter().map(|value| (*value).into()).collect();
        serde_json::to_value(Audience::from(values)).unwrap()
    };
    assert_eq!(aud(&["a"]), json!("a"));
    assert_eq!(aud(&["a", "b"]), json!(["a", "b"]));
}

#[test]
fn header_and_claims_that_are_not_utf_8_throughout_are_refused() {
    // RFC 7515 §5.2, RFC 7519 §7.2: also in members that nobody reads.
    let part = |json: &[u8]| Base64UrlUnpadded::encode_string(json);
    let header =
        |x: &[u8]| part(&[br#"{"alg":"ES256","typ":"JWT","kid":"k","x":""#, x, br#""}"#].concat());
    let claims = |x: &[u8]| part(&[br#"{"aud":"a","x":""#, x, br#""}"#].concat());
    let read = |header: String, claims: String| {
        let token = format!("{header}.{claims}.AA");
        let unverified = Unverified::<Header>::parse(&token)?;
        unverified.claims::<BTreeMap<String, IgnoredAny>>().map(drop)
    };
    assert_eq!(read(header("ä".as_bytes()), claims("ä".as_bytes())), Ok(()));
    assert_eq!(read(header(b"\xf5"), claims(b"")), Err(JwsError::Malformed));
    assert_eq!(read(header(b""), claims(b"\xe4")), Err(JwsError::Malformed));
}
