//! What clients and providers send on their own: logout tokens.

use serde_json::json;
use vestibule::jose::logout_token::LogoutToken;
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
