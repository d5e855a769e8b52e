//! The forms of tokens that are read, and where `jwt_compact::UntrustedToken` differs: it reads this server's own
//! tokens, and the tests show why not those of others (docs/decisions/tokens-of-others.md).

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::alg::Es256;
use jwt_compact::{Algorithm, AlgorithmExt, AlgorithmSignature, Claims, UntrustedToken};
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value};
use vestibule::jose::access_token::AccessToken;
use vestibule::jose::jws::{ForeignHeader, Header, JwsError, Unverified};
use vestibule::jose::upstream_id_token::UpstreamIdToken;
use vestibule::protocol::foreign_json::ForeignObject;

const OWN: &str = r#"{"alg":"ES256","typ":"at+jwt","kid":"k"}"#;

fn part(json: &str) -> String {
    Base64UrlUnpadded::encode_string(json.as_bytes())
}

fn token(header: &str, claims: &str) -> String {
    format!("{}.{}.AAAA", part(header), part(claims))
}

fn own(token: &str) -> Result<Header, JwsError> {
    Unverified::<Header>::parse(token).map(|read| read.header)
}

fn foreign(token: &str) -> Result<ForeignHeader, JwsError> {
    Unverified::<ForeignHeader>::parse(token).map(|read| read.header)
}

/// The header with one more member, or with another value of one that it has.
fn header_with(member: &str, value: &str) -> String {
    let others = [("alg", "\"ES256\""), ("typ", "\"at+jwt\""), ("kid", "\"k\"")];
    let others = others.iter().filter(|(name, _)| *name != member);
    let others: String = others.map(|(name, value)| format!(",\"{name}\":{value}")).collect();
    format!("{{\"{member}\":{value}{others}}}")
}

fn deep() -> String {
    "[".repeat(1000) + &"]".repeat(1000)
}

#[test]
fn a_token_is_three_parts_of_base64url_without_padding_or_spare_bits() {
    // RFC 7515 §2 and §3.1
    let whole = token(OWN, "{}");
    assert!(own(&whole).is_ok() && foreign(&whole).is_ok());
    let header = part(OWN);
    for changed in [
        format!("{header}.e30=.AAAA"),
        format!("{header}.e30.AAA="),
        format!("{header}=.e30.AAAA"),
        format!("{header}.e31.AAAA"),
        format!("{header}.e30.AAB"),
        format!("{header}.e30.A+A/"),
        format!("{header}.e 30.AAAA"),
        format!("{header}.e30.AAAA\n"),
        format!(" {header}.e30.AAAA"),
        format!("{header}.e30"),
        format!("{header}.e30.AAAA."),
        format!("{header}.e30.AAAA.AAAA"),
        format!(".{header}.e30.AAAA"),
        format!("{header}..e30.AAAA"),
        ".e30.AAAA".to_owned(),
        format!("{header}.é.AAAA"),
    ] {
        assert_eq!(own(&changed), Err(JwsError::Malformed), "{changed}");
        assert_eq!(foreign(&changed), Err(JwsError::Malformed), "{changed}");
    }
}

#[test]
fn a_token_of_more_than_16_kib_is_not_read() {
    let of_length = |length: usize| {
        let rest = length - part(OWN).len() - ".eyAgfQ.".len();
        format!("{}.eyAgfQ.{}", part(OWN), "A".repeat(rest))
    };
    for (length, is_read) in [(16 * 1024, true), (16 * 1024 + 1, false), (64 * 1024, false)] {
        assert_eq!(own(&of_length(length)).is_ok(), is_read, "{length}");
        assert_eq!(foreign(&of_length(length)).is_ok(), is_read, "{length}");
    }
}

#[test]
fn the_signed_text_is_the_token_as_it_was_received() {
    // RFC 7515 §5.2: not the header and claims as they would be written again.
    let header = " { \"kid\" : \"k\",\t\"typ\":\"at\\u002bjwt\",\n\"alg\":\"ES256\" } ";
    let claims = " {\"b\":1.50 , \"a\" : \"\\u0061\"} ";
    let input = format!("{}.{}", part(header), part(claims));
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let signature = Es256.sign(&key, input.as_bytes());
    let token = format!("{input}.{}", Base64UrlUnpadded::encode_string(&signature.as_bytes()));
    let read = Unverified::<Header>::parse(&token).unwrap();
    assert_eq!((read.signing_input, read.header.typ.as_str()), (input.as_str(), "at+jwt"));
    assert_eq!(read.signature, &*signature.as_bytes());
    let read = Unverified::<ForeignHeader>::parse(&token).unwrap();
    assert_eq!((read.signing_input, read.header.typ.as_deref()), (input.as_str(), Some("at+jwt")));
    assert_eq!(read.signature, &*signature.as_bytes());
    // `jwt-compact` verifies the same text.
    let same = UntrustedToken::new(&token).unwrap();
    let validator = Es256.validator::<Map<String, Value>>(key.verifying_key());
    assert!(validator.validate(&same).is_ok());
}

#[test]
fn an_algorithm_in_any_other_form_is_not_read() {
    // RFC 8725 §3.1
    let other = ["null", "5", "true", "[\"ES256\"]", "{\"ES256\":null}", "\"\"", "\"es256\""];
    let unknown = ["\"ES256 \"", "\"none\"", "\"None\"", "\"HS256\"", "\"ES384\"", "\"RS1\""];
    for form in other.into_iter().chain(unknown) {
        let token = token(&header_with("alg", form), "{}");
        assert!(own(&token).is_err() && foreign(&token).is_err(), "{form}");
    }
    let escaped = token(&header_with("alg", "\"\\u0045S256\""), "{}");
    assert!(own(&escaped).is_ok() && foreign(&escaped).is_ok(), "JSON may escape any character");
    let absent = token(r#"{"typ":"at+jwt","kid":"k"}"#, "{}");
    assert!(own(&absent).is_err() && foreign(&absent).is_err());
}

#[test]
fn a_member_of_the_header_that_appears_twice_makes_the_token_unreadable() {
    // RFC 7515 §4
    for (member, value) in [("alg", "\"ES256\""), ("typ", "\"at+jwt\""), ("kid", "\"k\"")] {
        for first in [value, "null", "\"RS256\"", "5"] {
            let twice = format!("{first},\"{member}\":{value}");
            let token = token(&header_with(member, &twice), "{}");
            assert!(own(&token).is_err(), "{member}: {first}");
            assert!(foreign(&token).is_err(), "{member}: {first}");
        }
    }
}

#[test]
fn an_own_token_has_a_type_and_a_key_and_nothing_in_an_odd_form() {
    for member in ["typ", "kid"] {
        for form in ["null", "5", "[]", "{}", "true"] {
            assert!(own(&token(&header_with(member, form), "{}")).is_err(), "{member}: {form}");
        }
    }
    assert!(own(&token(r#"{"alg":"ES256","typ":"at+jwt"}"#, "{}")).is_err());
    assert!(own(&token(r#"{"alg":"ES256","kid":"k"}"#, "{}")).is_err());
    assert!(own(&token(&header_with("unheard of", &deep()), "{}")).is_err());
}

#[test]
fn crit_is_noticed_in_any_form() {
    // RFC 7515 §4.1.11. `UntrustedToken` ignores it.
    for form in ["[\"exp\"]", "[]", "null", "5", "\"\"", "1e400", "{}", "[],\"crit\":[]", &deep()] {
        let token = token(&header_with("crit", form), "{}");
        assert!(foreign(&token).unwrap().has_crit, "{form:.60}");
    }
    let ignored = token(&header_with("crit", "[\"exp\"]"), "{}");
    assert!(UntrustedToken::new(&ignored).is_ok());
}

#[test]
fn a_token_of_another_server_is_read_though_optional_members_are_odd() {
    // Each is refused by `UntrustedToken`. A provider that sends one would be shut out.
    let deep = deep();
    for (member, form) in [
        ("kid", "5"),
        ("typ", "[\"JWT\"]"),
        ("cty", "\"JWT\""),
        ("cty", "5"),
        ("jku", "5"),
        ("x5u", "[]"),
        ("x5t", "\"x\""),
        ("x5t", "\"not base64!\""),
        ("x5t#S256", "5"),
        ("unheard of", "1e400"),
        ("unheard of", "\"\\ud800\""),
        ("unheard of", &deep),
    ] {
        let token = token(&header_with(member, form), "{}");
        assert!(UntrustedToken::new(&token).is_err(), "{member} = {form:.60}: reconsider the page");
        let read = foreign(&token).unwrap();
        let text = |name| (member != name).then_some(name);
        assert_eq!(read.kid.is_some(), text("kid").is_some());
        assert_eq!(read.typ.is_some(), text("typ").is_some());
        assert_eq!(read.odd, if ["kid", "typ"].contains(&member) { vec![member] } else { vec![] });
    }
}

/// An ID token's claims, with one member in a given form.
fn claims_with(member: &str, value: &str) -> String {
    let others = [("iss", "\"i\""), ("sub", "\"s\""), ("aud", "\"a\""), ("exp", "9"), ("iat", "1")];
    let others = others.iter().filter(|(name, _)| *name != member);
    let others: String = others.map(|(name, value)| format!(",\"{name}\":{value}")).collect();
    format!("{{\"{member}\":{value}{others}}}")
}

/// The `exp` of an ID token with these claims, in seconds since 1970.
fn expiry(claims: &str) -> Option<i64> {
    let token = token(OWN, claims);
    let read = Unverified::<ForeignHeader>::parse(&token).unwrap();
    let claims = read.claims::<ForeignObject>().ok()?;
    UpstreamIdToken::read(claims).ok().map(|token| token.exp)
}

/// `exp` as `jwt-compact` reads it: `None` if it can't read the claims, `Some(None)` if they have no `exp`.
fn expiry_elsewhere(claims: &str) -> Option<Option<i64>> {
    let token = token(OWN, claims);
    let read: Claims<Map<String, Value>> =
        UntrustedToken::new(&token).unwrap().deserialize_claims_unchecked().ok()?;
    Some(read.expiration.map(|moment| moment.timestamp()))
}

#[test]
fn a_time_is_a_number_of_any_form_and_rounded_down() {
    // RFC 7519 §2. Each row: the form, how it is read, how `jwt-compact` reads it.
    for (form, read, elsewhere) in [
        ("1750000300", Some(1_750_000_300), Some(Some(1_750_000_300))),
        ("1750000300.75", Some(1_750_000_300), Some(Some(1_750_000_300))),
        ("1.7500003e9", Some(1_750_000_300), Some(Some(1_750_000_300))),
        ("-1", Some(-1), Some(Some(-1))),
        // Towards zero would be later than the token says.
        ("-0.5", Some(-1), Some(Some(0))),
        ("9007199254740992", Some(9_007_199_254_740_992), None),
        ("9223372036854775807", Some(i64::MAX), None),
        ("9223372036854775808", None, None),
        ("1e300", None, None),
        ("1e400", None, None),
        ("null", None, None),
        ("\"1750000300\"", None, None),
        ("[1750000300]", None, None),
        ("1750000300,\"exp\":1750000301", None, None),
    ] {
        let claims = claims_with("exp", form);
        assert_eq!(expiry(&claims), read, "{form}");
        assert_eq!(expiry_elsewhere(&claims), elsewhere, "{form}: reconsider the page");
    }
    assert_eq!(expiry(r#"{"iss":"i","sub":"s","aud":"a","iat":1}"#), None, "exp is required");
}

#[test]
fn claims_that_nobody_reads_may_have_any_form() {
    // Each makes the claims unreadable for `jwt-compact`.
    let deep = deep();
    for (member, form) in [
        ("nbf", "\"soon\""),
        ("nbf", "null"),
        ("nbf", "1,\"nbf\":2"),
        ("unheard of", "1e400"),
        ("unheard of", "\"\\ud800\""),
        ("unheard of", &deep),
    ] {
        let claims = claims_with(member, form);
        assert_eq!(expiry(&claims), Some(9), "{member} = {form:.60}");
        assert_eq!(expiry_elsewhere(&claims), None, "{member} = {form:.60}: reconsider the page");
    }
    // And what must be refused, it accepts: the last of two members counts.
    let twice = claims_with("sub", "\"mallory\",\"sub\":\"dana\"");
    assert_eq!((expiry(&twice), expiry_elsewhere(&twice)), (None, Some(Some(9))));
}

#[test]
fn an_own_access_token_has_its_times_as_whole_numbers() {
    let read = |exp: &str| {
        let claims = format!(
            r#"{{"iss":"i","sub":"s","aud":"a","client_id":"c","iat":1,"jti":"j","exp":{exp}}}"#
        );
        let token = token(OWN, &claims);
        Unverified::<Header>::parse(&token).unwrap().claims::<AccessToken>().map(|read| read.exp)
    };
    assert_eq!(read("1750000300"), Ok(1_750_000_300));
    for odd in ["1750000300.0", "1.75e9", "\"1\"", "null", "9223372036854775808", "1,\"exp\":2"] {
        assert_eq!(read(odd), Err(JwsError::Malformed), "{odd}");
    }
}
