//! Changing passwords.

use serde_json::Value;
use vestibule::endpoints::http::Response;

use super::{cut_and_ask_at_once, cut_everywhere, is_signed_up};
use crate::attacks::access::{PASSWORD, app, refresh, signed_up, tokens};
use crate::support::World;
use crate::support::browser::{Browser, csrf};

const EMAIL: &str = "person@example.test";
const NEW: &str = "another long passphrase";

struct Given {
    browser: Browser,
    other: Browser,
    csrf: String,
    client_id: String,
    tokens: Value,
}

fn sign_in(world: &World, browser: &mut Browser, password: &str) -> bool {
    let fields = [("email", EMAIL), ("password", password)];
    browser.submit(world, "/sign-in", &fields).status == 303
}

fn given() -> (World, Given) {
    let world = World::new(&[]);
    let mut browser = signed_up(&world, EMAIL);
    let client_id = app(&world, "openid offline_access", true);
    let tokens = tokens(&world, &mut browser, &client_id, "&scope=openid+offline_access");
    let mut other = Browser::default();
    assert!(sign_in(&world, &mut other, PASSWORD));
    let csrf = csrf(&world, &mut browser);
    (world, Given { browser, other, csrf, client_id, tokens })
}

fn change(world: &World, given: &mut Given) -> Response {
    let fields = [("csrf", &*given.csrf), ("current_password", PASSWORD), ("new_password", NEW)];
    given.browser.post(world, "/account/password", &fields)
}

#[test]
fn a_password_that_is_changed_ends_what_the_old_one_began_or_nothing_has_changed() {
    cut_everywhere(
        given,
        |world, given| change(world, given),
        |world, given, answered| {
            let has_changed = sign_in(world, &mut Browser::default(), NEW);
            assert!(answered.is_none() || has_changed);
            assert_eq!(is_signed_up(world, &mut given.other), !has_changed);
            let refreshed = refresh(world, &given.client_id, &given.tokens);
            assert_eq!(refreshed["access_token"].is_string(), !has_changed);
            assert_eq!(sign_in(world, &mut Browser::default(), PASSWORD), !has_changed);
        },
    );
}

#[test]
fn whoever_repeats_a_change_of_password_that_was_cut_off_has_the_new_one() {
    cut_and_ask_at_once(
        given,
        |world, given| change(world, given),
        |world, given, answered| {
            let again = answered.unwrap_or_else(|| change(world, given));
            // If only the response was lost, the user is asked to sign in, and the new password works.
            if !again.header("location").is_some_and(|to| to.ends_with("done=password")) {
                assert!(!is_signed_up(world, &mut given.browser));
                assert!(sign_in(world, &mut given.browser, NEW));
            }
            assert!(is_signed_up(world, &mut given.browser));
            world.advance(11);
            assert!(!is_signed_up(world, &mut given.other));
            assert!(refresh(world, &given.client_id, &given.tokens)["access_token"].is_null());
        },
    );
}
