//! Tokens: signed ones of this server and of providers, their keys, sealed values, and codes that name an object.

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::UntrustedToken;
use serde_json::Value;
use serde_json::value::RawValue;
use vestibule::domain::token::{Token, TokenKind};
use vestibule::jose::foreign_key::{ForeignKey, VerificationAlgorithm, candidates};
use vestibule::jose::jws::{ForeignHeader, Header, Unverified, compact};
use vestibule::jose::logout_token::LogoutToken;
use vestibule::jose::seal::{NONCE_LENGTH, Sealer};
use vestibule::jose::upstream_id_token::{CLOCK_SKEW, Expected, UpstreamIdToken};
use vestibule::protocol::foreign_json::ForeignObject;
use vestibule::tenant::{Purpose, Tenant};

use super::{two, utf8};

const ISSUER: &str = "https://login.example.test";
const CLIENT: &str = "vestibule";
/// Seconds since 1970.
const NOW: i64 = 1_750_000_000;

/// A token that was taken apart is, put together again, the same character by character: no two tokens stand for one.
/// Its algorithm is never `none` or a symmetric one. What `UntrustedToken` reads too, it reads as the same.
pub fn jws(input: &[u8]) {
    let Some(token) = utf8(input) else { return };
    if let Ok(own) = Unverified::<Header>::parse(token) {
        assert_eq!(compact(own.signing_input.to_owned(), &own.signature), token);
        let header = header_of(token);
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let Header { alg, typ, kid } = &own.header;
        assert_eq!(text("alg"), Some(alg.as_str()));
        assert_eq!((text("typ"), text("kid")), (Some(typ.as_str()), Some(kid.as_str())));
        let _ = own.claims::<vestibule::jose::access_token::AccessToken>();
    }
    if let Ok(foreign) = Unverified::<ForeignHeader>::parse(token) {
        assert_eq!(compact(foreign.signing_input.to_owned(), &foreign.signature), token);
        let header = header_of(token);
        let alg = header.get("alg").and_then(Value::as_str).expect("alg is a string");
        assert!(["RS256", "PS256", "ES256", "EdDSA", "Ed25519"].contains(&alg), "{alg}");
        assert_eq!(foreign.header.has_crit, header.get("crit").is_some());
        if let Ok(read) = UntrustedToken::new(token) {
            assert_eq!(read.algorithm(), alg);
            assert_eq!(read.header().key_id, foreign.header.kid);
            assert_eq!(read.header().token_type, foreign.header.typ);
            assert_eq!(read.signature_bytes(), foreign.signature);
        }
        let _ = foreign.claims::<ForeignObject>().map(UpstreamIdToken::read);
    }
}

fn header_of(token: &str) -> Value {
    let first = token.split('.').next().unwrap_or_default();
    let bytes = Base64UrlUnpadded::decode_vec(first).expect("the header is base64url");
    // A number too large for `serde_json` may stand in a member that nobody reads.
    let text = String::from_utf8(bytes).expect("the header is UTF-8");
    ForeignObject::parse(&text).expect("the header is an object").to_value()
}

fn has_audience(aud: Option<&Value>) -> bool {
    match aud {
        Some(Value::String(one)) => one == CLIENT,
        Some(Value::Array(many)) => many.iter().any(|one| one == CLIENT),
        _ => false,
    }
}

/// An ID token that passes names this issuer, this client and this sign-in, and is of now (OpenID Connect Core
/// §3.1.3.7), whatever else it says.
pub fn id_token(input: &[u8]) {
    let Some(json) = utf8(input) else { return };
    let Ok(object) = ForeignObject::parse(json) else { return };
    let said = object.to_value();
    let Ok(token) = UpstreamIdToken::read(object) else { return };
    let expected = Expected {
        issuer: ISSUER,
        client_id: CLIENT,
        nonce: Some("n-0S6_WzA2Mj"),
        signed_in_since: Some(NOW - 300),
        now: NOW,
    };
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let number = |name: &str| said.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    assert_eq!(text("iss"), Some(token.iss.as_str()));
    assert_eq!(text("sub"), Some(token.sub.as_str()));
    if token.check(&expected).is_err() {
        return;
    }
    assert_eq!(text("iss"), Some(ISSUER));
    assert_eq!(text("nonce"), expected.nonce);
    assert!(text("sub").is_some_and(|sub| !sub.is_empty() && sub.len() <= 255));
    assert!(has_audience(said.get("aud")));
    let several = said.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    assert!(!several || text("azp") == Some(CLIENT), "several audiences need azp");
    assert!(matches!(said.get("azp"), None | Some(Value::Null)) || text("azp") == Some(CLIENT));
    let (now, skew) = (1_750_000_000.0, 60.0);
    assert_eq!((NOW, CLOCK_SKEW), (1_750_000_000, 60), "the same as whole numbers");
    assert!(number("exp") > now - skew - 1.0, "it has not expired");
    assert!(number("iat") < now + skew + 1.0, "it is not from the future");
    assert!(number("auth_time") >= now - 300.0 - skew, "the user signed in since");
}

/// A logout token that passes has the event, a subject or a session, and no `nonce` (OpenID Connect Back-Channel
/// Logout §2.6). So no ID token passes as one.
pub fn logout_token(input: &[u8]) {
    let Some(json) = utf8(input) else { return };
    let Ok(object) = ForeignObject::parse(json) else { return };
    let said = object.to_value();
    let Ok(token) = LogoutToken::read(object) else { return };
    if token.check(ISSUER, CLIENT, NOW).is_err() {
        return;
    }
    assert_eq!(said.get("iss").and_then(Value::as_str), Some(ISSUER));
    assert!(has_audience(said.get("aud")));
    assert!(said.get("nonce").is_none(), "an ID token has a nonce, a logout token none");
    let event = said.pointer("/events/http:~1~1schemas.openid.net~1event~1backchannel-logout");
    assert!(event.is_some_and(Value::is_object));
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    assert!(text("jti").is_some() && (text("sub").is_some() || text("sid").is_some()));
    assert_eq!(text("sub"), token.sub.as_deref());
    assert_eq!(text("sid"), token.sid.as_deref());
}

/// A key that is a candidate stands in the set with the algorithm's type and the name that was asked for, and isn't
/// meant for another use (RFC 7517 §4.2 to §4.4). What the platform imports has no other member than the key's numbers.
/// The first line of the input is the `kid`, or empty for none.
pub fn jwks(input: &[u8]) {
    use VerificationAlgorithm::{ES256, EdDSA, PS256, RS256};
    let Some(input) = utf8(input) else { return };
    let (kid, json) = two(input);
    let kid = Some(kid).filter(|kid| !kid.is_empty());
    for (alg, kty) in [(RS256, "RSA"), (PS256, "RSA"), (ES256, "EC"), (EdDSA, "OKP")] {
        let Ok(found) = candidates(json, alg, kid) else { return };
        assert!(found.keys.len() <= 100);
        let entries: Vec<Box<RawValue>> =
            ForeignObject::parse(json).and_then(|set| set.needed("keys")).expect("a set");
        let entries: Vec<Value> = entries
            .iter()
            .filter_map(|entry| Some(ForeignObject::parse(entry.get()).ok()?.to_value()))
            .collect();
        for key in found.keys {
            assert_eq!((key.alg(), key.key().key_type().to_string().as_str()), (alg, kty));
            assert!(!key.key().is_signing_key(), "private members are never read");
            let numbers = serde_json::to_value(key.key()).expect("JSON");
            let members = numbers.as_object().expect("an object");
            let known = ["kty", "crv", "x", "y", "n", "e"];
            assert!(members.keys().all(|name| known.contains(&name.as_str())), "{numbers}");
            let is_permitted = |entry: &Value| {
                let is = |name: &str, of: &[&str]| match entry.get(name) {
                    None | Some(Value::Null) => true,
                    Some(value) => value.as_str().is_some_and(|text| of.contains(&text)),
                };
                let ed25519 = if alg == EdDSA { "Ed25519" } else { alg.as_str() };
                members.iter().all(|(name, number)| entry.get(name) == Some(number))
                    && (kid.is_none() || entry.get("kid").and_then(Value::as_str) == kid)
                    && is("use", &["sig"])
                    && is("alg", &[alg.as_str(), ed25519])
            };
            assert!(entries.iter().any(is_permitted), "{numbers} is permitted in {json}");
            assert_eq!(ForeignKey::check(key.key(), alg).as_ref(), Some(&key), "checked again");
            assert!(!vestibule_native::holds(alg, key.key(), b"input", b"junk"), "no panic either");
            let set = format!(r#"{{"keys":[{numbers}]}}"#);
            let again = candidates(&set, alg, None).expect("a set");
            assert_eq!(again.keys, [key], "its numbers alone are a key");
        }
    }
}

/// What a stranger sends opens for no purpose. What was sealed opens for its purpose and no other, also with the
/// secret that is being replaced, and not once a bit of it was changed.
pub fn sealed(input: &[u8]) {
    let purposes = [
        Purpose::SigningKey,
        Purpose::Interaction,
        Purpose::Form,
        Purpose::UpstreamLogin,
        Purpose::UpstreamAnswer,
        Purpose::AfterLogout,
        Purpose::Connection("account"),
        Purpose::Connection("other"),
    ];
    let old = Sealer::new(&Tenant::ONLY, "the secret of yesterday, long enough").expect("a secret");
    let new = Sealer::new(&Tenant::ONLY, "the secret of today, which is longer").expect("a secret");
    let new = new.with_previous("the secret of yesterday, long enough").expect("a secret");
    if let Some(text) = utf8(input) {
        for purpose in purposes {
            assert!(new.open(purpose, text).is_err(), "a stranger can't seal");
        }
    }
    let mut nonce = [0; NONCE_LENGTH];
    for (to, from) in nonce.iter_mut().zip(input) {
        *to = *from;
    }
    let chosen = usize::from(input.first().copied().unwrap_or_default());
    let purpose = purposes[chosen % purposes.len()];
    for (sealer, is_outdated) in [(&new, false), (&old, true)] {
        let value = sealer.seal(purpose, input, nonce).expect("it can be sealed");
        let opened = new.open_stored(purpose, &value).expect("it opens");
        assert_eq!((opened.plain.as_slice(), opened.is_outdated), (input, is_outdated));
        let other = purposes[(chosen + 1) % purposes.len()];
        assert!(new.open(other, &value).is_err(), "not for another purpose");
        let mut bytes = Base64UrlUnpadded::decode_vec(&value).expect("base64url");
        let at = chosen * 7 % bytes.len();
        bytes[at] ^= 1 << (chosen % 8);
        let changed = Base64UrlUnpadded::encode_string(&bytes);
        assert!(new.open(purpose, &changed).is_err(), "not once it was changed");
    }
}

/// A code, refresh token or cookie that was read is written as the same characters, and is of one kind alone.
pub fn tokens(input: &[u8]) {
    const KINDS: [TokenKind; 4] = [
        TokenKind::AuthorizationCode,
        TokenKind::RefreshToken,
        TokenKind::DeviceCode,
        TokenKind::Session,
    ];
    let Some(value) = utf8(input) else { return };
    let read: Vec<_> =
        KINDS.iter().filter_map(|kind| Some((kind, Token::decode(*kind, value)?))).collect();
    assert!(read.len() <= 1, "a prefix and a checksum belong to one kind");
    for (kind, token) in read {
        assert_eq!(token.encode(*kind), value, "written again");
        assert_eq!(token.object.as_str().len(), 64);
    }
}
