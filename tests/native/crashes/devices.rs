//! Devices that a user approves or denies (RFC 8628 §3.3).

use serde_json::{Value, json};
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::Response;

use super::{cut_and_ask_at_once, cut_everywhere};
use crate::attacks::access::{register, signed_up, userinfo};
use crate::support::World;
use crate::support::browser::{Browser, csrf, json as body, text};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

struct Waiting {
    browser: Browser,
    csrf: String,
    client_id: String,
    user_code: String,
    device_code: String,
}

fn waiting() -> (World, Waiting) {
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let csrf = csrf(&world, &mut browser);
    let metadata = json!({ "redirect_uris": [], "response_types": [], "client_name": "Test TV",
        "token_endpoint_auth_method": "none", "grant_types": [DEVICE_CODE, "refresh_token"] });
    let client_id = register(&world, &metadata);
    let fields = [("client_id", client_id.as_str()), ("scope", "openid")];
    let asked = body(&Browser::default().post(&world, "/device_authorization", &fields));
    let code = |name: &str| asked[name].as_str().unwrap().to_owned();
    let (user_code, device_code) = (code("user_code"), code("device_code"));
    (world, Waiting { browser, csrf, client_id, user_code, device_code })
}

fn decide(world: &World, given: &mut Waiting, decision: &str) -> Response {
    let fields = [("csrf", &*given.csrf), ("user_code", &*given.user_code), ("decision", decision)];
    given.browser.post(world, "/device/decide", &fields)
}

fn poll(world: &World, given: &Waiting) -> Value {
    world.advance(6);
    let fields = [
        ("grant_type", DEVICE_CODE),
        ("client_id", &*given.client_id),
        ("device_code", &*given.device_code),
    ];
    body(&Browser::default().post(world, "/token", &fields))
}

fn is_listed(world: &World, given: &mut Waiting) -> bool {
    text(&given.browser.get(world, "/account")).contains("Test TV")
}

fn remove(world: &World, given: &mut Waiting) {
    let fields = [("csrf", &*given.csrf), ("client_id", &*given.client_id)];
    assert_eq!(given.browser.post(world, "/account/apps", &fields).status, 303);
}

#[test]
fn a_device_that_is_approved_has_tokens_after_one_more_request_and_loses_them_when_it_is_removed() {
    cut_and_ask_at_once(
        waiting,
        |world, given| decide(world, given, "allow"),
        |world, given, answered| {
            assert!(answered.is_none_or(|answered| answered.status == 200));
            let mut tokens = poll(world, given);
            if tokens["error"] == "authorization_pending" {
                assert_eq!(decide(world, given, "allow").status, 200);
                tokens = poll(world, given);
            }
            assert!(userinfo(world, &tokens)["sub"].is_string(), "{tokens}");
            assert!(is_listed(world, given));
            // Approving again changes nothing.
            decide(world, given, "allow");
            assert!(userinfo(world, &tokens)["sub"].is_string() && is_listed(world, given));
            remove(world, given);
            assert!(!is_listed(world, given) && userinfo(world, &tokens)["sub"].is_null());
        },
    );
}

#[test]
fn an_approval_that_never_reached_the_device_leaves_no_grant() {
    cut_everywhere(
        waiting,
        |world, given| decide(world, given, "allow"),
        |world, given, _| {
            world.advance(3600);
            world.advance(7 * 86_400);
            world.advance(60);
            assert_eq!(poll(world, given)["access_token"], Value::Null);
            assert_eq!(world.objects.count(Class::Grant), 0);
            let outline = world.objects.outline(&[Class::Account]);
            assert!(!outline.iter().any(|rows| rows.contains("grant")), "{outline:?}");
        },
    );
}

#[test]
fn a_device_that_is_denied_gets_nothing_after_one_more_request() {
    cut_and_ask_at_once(
        waiting,
        |world, given| decide(world, given, "deny"),
        |world, given, answered| {
            assert!(answered.is_none_or(|answered| answered.status == 200));
            if poll(world, given)["error"] == "authorization_pending" {
                assert_eq!(decide(world, given, "deny").status, 200);
            }
            assert_eq!(poll(world, given)["error"], "access_denied");
            decide(world, given, "allow");
            assert_eq!(poll(world, given)["error"], "access_denied");
            assert!(!is_listed(world, given));
        },
    );
}
