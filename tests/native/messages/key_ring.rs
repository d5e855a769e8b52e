use serde::{Deserialize, Serialize};
use vestibule::domain::key_ring::{
    KeyPair, KeyRing, KeyRingError, KeySet, Keys, Made, Replace, Reseal, ScheduledKey, Wake,
};
use vestibule::domain::time::Timestamp;
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::protocol::client_metadata::SigningAlgorithm;

use super::{Earlier, check_answer, check_command};

#[derive(Serialize, Deserialize)]
pub enum KeyRingCommand {
    Keys(SigningAlgorithm),
    Made(KeyPair),
    Replace(Vec<String>, KeyPair),
    Reseal(KeySet),
    Wake,
}

impl Earlier for KeyRing {
    type Command = KeyRingCommand;
    type Reply = KeySet;
    type Error = KeyRingError;
}

const PAIR: &str = r#"{"public":{"kty":"EC","crv":"P-256","x":"eA","y":"eQ","kid":"XsuzE82157538AHHoFSQ-ycaXD33mFy1mVFXbB4k0V4","alg":"ES256","use":"sig"},"sealed_private":"sealed"}"#;

fn pair() -> KeyPair {
    let (x, y) = (b"x".as_slice().into(), b"y".as_slice().into());
    let key = JsonWebKey::EllipticCurve { curve: "P-256".into(), x, y, secret: None };
    let public = Jwk::new(&key, SigningAlgorithm::ES256);
    KeyPair { public, sealed_private: "sealed".into(), superseded: None }
}

fn keys() -> (KeySet, String) {
    let [signs_from, signs_until, published_until] = [1, 2, 3].map(Timestamp);
    let key = ScheduledKey { pair: pair(), signs_from, signs_until, published_until };
    let times = r#""signs_from":1,"signs_until":2,"published_until":3"#;
    (KeySet { keys: vec![key] }, format!(r#"{{"keys":[{{"pair":{PAIR},{times}}}]}}"#))
}

#[test]
fn the_commands_of_the_key_ring_are_read_by_both_releases() {
    let (set, set_text) = keys();
    let unusable = vec!["a".to_owned(), "b".to_owned()];
    check_command(&Keys(SigningAlgorithm::RS256), r#"{"Keys":"RS256"}"#);
    check_command(&Made(pair()), &format!(r#"{{"Made":{PAIR}}}"#));
    let replace = Replace { unusable, pair: pair() };
    check_command(&replace, &format!(r#"{{"Replace":[["a","b"],{PAIR}]}}"#));
    check_command(&Reseal(set), &format!(r#"{{"Reseal":{set_text}}}"#));
    check_command(&Wake, r#""Wake""#);
}

#[test]
fn the_answers_of_the_key_ring_are_read_by_both_releases() {
    let (set, set_text) = keys();
    let answers = [
        (Ok(set), format!(r#"{{"Ok":{set_text}}}"#)),
        (Err(KeyRingError::Making), r#"{"Err":"Making"}"#.to_owned()),
    ];
    for (answer, earlier) in answers {
        check_answer::<Keys>(&answer, &earlier);
        check_answer::<Replace>(&answer, &earlier);
        check_answer::<Reseal>(&answer, &earlier);
    }
}
