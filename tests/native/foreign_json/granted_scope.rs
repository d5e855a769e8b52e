//! `scope` of a token response: which tokens of an outside account an app may have.

use serde_json::json;
use vestibule::endpoints::http::Method;
use vestibule::protocol::parameters::encode;

use super::ISSUER;
use super::values::{bend, world_with};
use crate::support::browser::{Browser, answer, json as body};
use crate::support::provider::callback;

/// Connects an account for an app that requests `read`. Returns the error that the app gets, if any, and how
/// often tokens were revoked.
fn connect(scope: &str) -> (Option<String>, usize) {
    let (world, provider) = world_with(json!({ "connection_scope": "read write" }));
    let to = "https://app.example.test/callback";
    let metadata = json!({ "redirect_uris": [to], "token_endpoint_auth_method": "none" });
    let headers = [("content-type", "application/json")];
    let mut browser = Browser::default();
    let app = browser.request(&world, Method::Post, "/register", metadata.to_string(), &headers);
    let client_id = body(&app)["client_id"].as_str().unwrap().to_owned();
    let person = [("email", "dana@example.org"), ("password", "a long enough passphrase")];
    assert_eq!(browser.submit(&world, "/sign-up", &person).status, 303);
    bend(&provider, "token response", "scope", scope);
    let query =
        encode([("client_id", client_id.as_str()), ("redirect_uri", to), ("scope", "read")]);
    let page = format!("/connect/acme?{query}");
    let there = browser.submit(&world, &page, &[("decision", "connect")]);
    provider.expects(&there);
    let state = answer(&there, "state").unwrap();
    let query = [("code", "c"), ("state", state.as_str()), ("iss", ISSUER)];
    let back = browser.get(&world, &callback(&query));
    assert!(back.header("location").is_some_and(|address| address.starts_with(to)));
    (answer(&back, "error"), world.internet.count(&format!("{ISSUER}/revoke")))
}

#[test]
fn a_granted_scope_that_cannot_be_read_is_never_taken_for_the_approved_one() {
    // RFC 6749 §5.1: only a scope that is omitted is the one that was asked for
    for scope in
        ["null", "\"\"", "\"read\"", "\"read,openid\"", "[\"read\"]", "[]", "[\"openid\",\"read\"]"]
    {
        let (error, revoked) = connect(scope);
        assert_eq!(error, None, "{scope}");
        assert_eq!(revoked, 0, "{scope}");
    }
    for scope in [
        "\"read write\"",
        "[\"read\",\"write\"]",
        "[\"read write\"]",
        "[\"read\",5]",
        "{}",
        "5",
        "true",
        "1e400",
    ] {
        let (error, revoked) = connect(scope);
        assert_eq!(error.as_deref(), Some("invalid_scope"), "{scope}");
        assert_eq!(revoked, 1, "{scope}: the tokens are revoked");
    }
}
