//! JSON in requests to this server: logout tokens, claims requests, registrations.

use serde_json::json;
use vestibule::jose::logout_token::LogoutToken;
use vestibule::protocol::claims::ClaimsRequest;
use vestibule::protocol::foreign_json::ForeignObject;
use vestibule::protocol::registration;

use super::{Document, ISSUER, NOW, odd_forms};
use crate::support::provider::object_with;

const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[test]
fn only_a_needed_claim_of_a_logout_token_changes_what_it_ends() {
    // OpenID Connect Back-Channel Logout §2.4 and §2.6
    let document = Document {
        name: "logout token",
        members: json!({ "iss": ISSUER, "aud": "here", "iat": NOW, "exp": NOW + 60, "jti": "j",
            "sub": "dana", "sid": "s", "tid": "t", "events": { LOGOUT: {} }, "toe": NOW }),
        needed: &["iss", "aud", "iat", "events"],
        restricting: &[
            ("exp", &["null"]),
            ("jti", &["\"text\"", "\"\""]),
            ("sub", &["null", "\"text\"", "\"\""]),
            ("sid", &["null", "\"text\"", "\"\""]),
        ],
    };
    let ends = |json: &str| {
        let token =
            ForeignObject::parse(json).ok().and_then(|claims| LogoutToken::read(claims).ok());
        token.is_some_and(|token| token.check(ISSUER, "here", NOW).is_ok())
    };
    assert!(ends(&document.members.to_string()));
    for (member, form, is_allowed) in document.mutations() {
        let json = object_with(&document.members, Some((&member, &form)));
        assert_eq!(ends(&json), is_allowed, "{member} = {form:.60}");
    }
    for form in odd_forms() {
        let json = object_with(&document.members, Some(("nonce", &form)));
        assert!(!ends(&json), "a logout token must not have a nonce: {form:.60}");
        let events = format!("{{\"{LOGOUT}\":{form},\"other\":{form}}}");
        let is_object = form.starts_with('{');
        assert_eq!(ends(&object_with(&document.members, Some(("events", &events)))), is_object);
    }
}

#[test]
fn only_sub_and_acr_must_be_readable_in_a_claims_request() {
    // OpenID Connect Core §5.5 and §5.5.1
    let members = json!({ "name": null, "email": { "essential": true }, "picture": null,
        "verified_claims": [], "sub": { "value": "dana" }, "acr": { "essential": true, "values": ["1"] } });
    let document = Document {
        name: "claims",
        members,
        needed: &[],
        restricting: &[
            ("sub", &["null", "{}", "{\"a\":1}"]),
            ("acr", &["null", "{}", "{\"a\":1}"]),
        ],
    };
    for container in ["userinfo", "id_token"] {
        for (member, form, is_allowed) in document.mutations() {
            if container == "userinfo" && member == "acr" {
                continue;
            }
            let inner = object_with(&document.members, Some((&member, &form)));
            let read =
                ClaimsRequest::parse(&format!("{{\"{container}\":{inner},\"other\":{form}}}"));
            // A deeply nested object is still an object, so it counts as a request with unknown members.
            let is_object = form.starts_with('{');
            assert_eq!(read.is_ok(), is_allowed || is_object, "{member} = {form:.60}");
            let Ok(read) = read else { continue };
            let asked = if container == "userinfo" { read.userinfo } else { read.id_token };
            for other in ["name", "email", "picture"].iter().filter(|other| **other != member) {
                assert!(asked.iter().any(|claim| claim == other), "{member} = {form:.60}");
            }
        }
        for form in ["\"text\"", "5", "[]", "true"] {
            assert!(ClaimsRequest::parse(&format!("{{\"{container}\":{form}}}")).is_err());
        }
    }
    for acr in [
        r#"{"essential":"yes","values":["gold"]}"#,
        r#"{"essential":true,"values":"gold"}"#,
        r#"{"essential":true,"values":[5]}"#,
        r#"{"essential":true,"value":5}"#,
    ] {
        assert!(
            ClaimsRequest::parse(&format!("{{\"id_token\":{{\"acr\":{acr}}}}}")).is_err(),
            "{acr}"
        );
    }
    assert!(ClaimsRequest::parse(r#"{"userinfo":{"sub":{"value":5}}}"#).is_err());
    let one = ClaimsRequest::parse(r#"{"id_token":{"sub":{"values":["dana"]}}}"#).unwrap();
    assert_eq!(one.sub.as_deref(), Some("dana"), "one of one is that one");
    for several in [r#"["dana","eve"]"#, "[]", r#""dana""#] {
        let request = format!(r#"{{"id_token":{{"sub":{{"values":{several}}}}}}}"#);
        assert!(ClaimsRequest::parse(&request).is_err(), "nobody knows who of {several} is meant");
    }
    let both = r#"{"id_token":{"sub":{"value":"dana"}},"userinfo":{"sub":{"value":5}}}"#;
    assert!(ClaimsRequest::parse(both).is_err());
}

#[test]
fn an_empty_member_of_a_registration_is_omitted_and_an_unknown_one_ignored() {
    // RFC 7591 §2: "MUST ignore any client metadata ... that it does not understand"; RFC 7592 §2.2: null,
    // empty and omitted mean the same
    let uris = json!(["https://a.test/cb"]);
    let base =
        json!({ "redirect_uris": uris, "token_endpoint_auth_method": "client_secret_basic" });
    let read = |json: String| registration::metadata(json.as_bytes());
    let expected = read(base.to_string()).unwrap();
    let understood = [
        "post_logout_redirect_uris",
        "token_endpoint_auth_method",
        "grant_types",
        "response_types",
        "client_name",
        "client_uri",
        "logo_uri",
        "tos_uri",
        "policy_uri",
        "contacts",
        "scope",
        "application_type",
        "software_id",
        "software_version",
        "id_token_signed_response_alg",
        "id_token_encrypted_response_alg",
        "userinfo_signed_response_alg",
        "userinfo_encrypted_response_alg",
        "subject_type",
        "default_max_age",
        "require_pkce",
        "first_party",
    ];
    for member in understood {
        for form in ["null", "\"\"", "[]", "\" \""] {
            let json = object_with(&base, Some((member, form)));
            assert_eq!(read(json).as_ref(), Ok(&expected), "{member} = {form}");
        }
        for form in ["{}", "{\"a\":1}", "[5]", "-1", "1.5", "1e400"] {
            let refused = read(object_with(&base, Some((member, form)))).unwrap_err().to_string();
            assert!(refused.starts_with(member), "{member} = {form}: {refused}");
        }
    }
    let twice = object_with(&base, Some(("scope", "\"a\",\"scope\":\"b\"")));
    assert!(read(twice).is_err());
    for form in odd_forms() {
        for member in ["jwks", "client_name#ja", "unheard of"] {
            let json = object_with(&base, Some((member, &form)));
            assert_eq!(read(json).as_ref(), Ok(&expected), "{member} = {form:.60}");
        }
        assert!(read(object_with(&base, Some(("redirect_uris", &form)))).is_err(), "{form:.60}");
    }
}
