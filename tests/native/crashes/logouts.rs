//! Logouts that a provider reports (OpenID Connect Back-Channel Logout 1.0).

use serde_json::{Value, json};
use vestibule::endpoints::http::Response;

use super::identities::{ISSUER, world_with};
use super::{cut_and_ask_at_once, is_signed_up};
use crate::attacks::access::{app, refresh, tokens};
use crate::support::World;
use crate::support::browser::{Browser, text};
use crate::support::provider::TestProvider;

/// When the test clock starts, in seconds since 1970.
const NOW: i64 = 1_800_000_000;

struct SignedIn {
    browser: Browser,
    client_id: String,
    tokens: Value,
    logout_token: String,
}

/// A user who signed in at the provider. The logout token names the user, the provider's session, or both.
fn signed_in(named: &Value) -> (World, SignedIn) {
    let (world, provider) = world_with(json!({}));
    provider.says.borrow_mut().id_token = json!({ "sid": "there", "auth_time": NOW });
    let mut browser = Browser::default();
    assert_eq!(provider.visit(&world, &mut browser, "/sign-in/acme").status, 303);
    let client_id = app(&world, "openid", true);
    let tokens = tokens(&world, &mut browser, &client_id, "&scope=openid");
    let mut claims = json!({ "iss": ISSUER, "aud": "here", "iat": NOW, "exp": NOW + 120, "jti": "j",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} } });
    for (name, value) in named.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let logout_token = TestProvider::signed(&json!({ "typ": "logout+jwt" }), &claims);
    (world, SignedIn { browser, client_id, tokens, logout_token })
}

fn log_out(world: &World, given: &SignedIn) -> Response {
    let fields = [("logout_token", &*given.logout_token)];
    Browser::default().post(world, "/backchannel_logout/acme", &fields)
}

#[test]
fn a_logout_that_was_cut_off_ends_the_session_and_its_grants_when_it_is_sent_again() {
    let named = [
        json!({ "sub": "dana" }),
        json!({ "sid": "there" }),
        json!({ "sub": "dana", "sid": "there" }),
    ];
    for named in &named {
        cut_and_ask_at_once(
            || signed_in(named),
            |world, given| log_out(world, given),
            |world, given, answered| {
                let answered = answered.unwrap_or_else(|| log_out(world, given));
                assert_eq!(answered.status, 200, "{}", text(&answered));
                assert!(!is_signed_up(world, &mut given.browser), "{named}");
                world.advance(11);
                let refreshed = refresh(world, &given.client_id, &given.tokens);
                assert!(refreshed["access_token"].is_null(), "{refreshed}");
            },
        );
    }
}
