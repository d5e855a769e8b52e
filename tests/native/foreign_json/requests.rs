//! What clients and providers send on their own: logout tokens, claims requests.

use serde_json::json;
use vestibule::jose::logout_token::LogoutToken;
use vestibule::protocol::claims::ClaimsRequest;
use vestibule::protocol::foreign_json::ForeignObject;

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
fn only_what_says_who_must_sign_in_and_how_is_needed_of_a_claims_request() {
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
            // The deep object is one, so it is a request whose members nobody understands.
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
    let both = r#"{"id_token":{"sub":{"value":"dana"}},"userinfo":{"sub":{"value":5}}}"#;
    assert!(ClaimsRequest::parse(both).is_err());
}
