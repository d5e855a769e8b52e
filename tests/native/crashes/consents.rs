//! Consent to an app's request.

use vestibule::domain::machine::Class;
use vestibule::endpoints::http::Response;

use super::{cut_and_ask_at_once, cut_everywhere};
use crate::attacks::access::{app, authorize_url, redeem, signed_up, userinfo};
use crate::support::World;
use crate::support::browser::{Browser, answer, csrf, hidden_fields, text};

const SCOPE: &str = "&scope=openid+offline_access";

struct Asked {
    browser: Browser,
    client_id: String,
    form: Vec<(String, String)>,
}

fn asked() -> (World, Asked) {
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let client_id = app(&world, "openid offline_access", false);
    let there = browser.get(&world, &authorize_url(&client_id, SCOPE));
    let page = text(&browser.get(&world, there.header("location").unwrap()));
    let form = hidden_fields(&page);
    (world, Asked { browser, client_id, form })
}

fn decide(world: &World, given: &mut Asked, decision: &str) -> Response {
    let mut form: Vec<(&str, &str)> = given.form.iter().map(|(n, v)| (&**n, &**v)).collect();
    form.push(("decision", decision));
    given.browser.post(world, "/consent", &form)
}

fn is_asked_again(world: &World, given: &mut Asked) -> bool {
    let response = given.browser.get(world, &authorize_url(&given.client_id, SCOPE));
    response.header("location").unwrap().contains("/consent")
}

fn is_listed(world: &World, given: &mut Asked) -> bool {
    text(&given.browser.get(world, "/account")).contains("Test App")
}

#[test]
fn a_consent_that_was_cut_off_is_given_by_sending_it_again() {
    cut_and_ask_at_once(
        asked,
        |world, given| decide(world, given, "allow"),
        |world, given, answered| {
            let code = answered.map(|answered| answer(&answered, "code").expect("a code"));
            let code = code.unwrap_or_else(|| {
                let again = decide(world, given, "allow");
                answer(&again, "code").expect("a code")
            });
            let tokens = redeem(world, &given.client_id, &code);
            assert!(userinfo(world, &tokens)["sub"].is_string());
            assert!(is_listed(world, given) && !is_asked_again(world, given));
            world.advance(7 * 86_400);
            assert_eq!(world.objects.count(Class::Grant), 1, "what was redeemed");
        },
    );
}

#[test]
fn a_consent_is_remembered_and_in_the_list_or_neither_and_can_be_withdrawn() {
    cut_everywhere(
        asked,
        |world, given| decide(world, given, "allow"),
        |world, given, answered| {
            let is_remembered = !is_asked_again(world, given);
            assert_eq!(is_listed(world, given), is_remembered);
            assert!(answered.is_none() || is_remembered);
            let csrf = csrf(world, &mut given.browser);
            let fields = [("csrf", &*csrf), ("client_id", &*given.client_id)];
            assert_eq!(given.browser.post(world, "/account/apps", &fields).status, 303);
            assert!(!is_listed(world, given) && is_asked_again(world, given));
            world.advance(7 * 86_400);
            assert_eq!(world.objects.count(Class::Grant), 0);
        },
    );
}

#[test]
fn a_withdrawn_consent_revives_no_interrupted_code() {
    // After the withdrawal, an interrupted code is not sent.
    cut_and_ask_at_once(
        asked,
        |world, given| decide(world, given, "allow"),
        |world, given, answered| {
            let csrf = csrf(world, &mut given.browser);
            let fields = [("csrf", &*csrf), ("client_id", &*given.client_id)];
            assert_eq!(given.browser.post(world, "/account/apps", &fields).status, 303);
            if let Some(code) = answered.and_then(|answered| answer(&answered, "code")) {
                assert_eq!(redeem(world, &given.client_id, &code)["error"], "invalid_grant");
            }
            assert!(is_asked_again(world, given));
        },
    );
}
