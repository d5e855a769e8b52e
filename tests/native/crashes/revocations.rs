//! Removing access.

use serde_json::Value;
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::Response;

use super::{cut_and_ask_at_once, cut_everywhere};
use crate::attacks::access::{app, refresh, signed_up, tokens, userinfo};
use crate::support::World;
use crate::support::browser::{Browser, csrf, text};

const SCOPE: &str = "&scope=openid+email+offline_access";

struct Allowed {
    browser: Browser,
    csrf: String,
    client_id: String,
    tokens: Value,
}

fn allowed() -> (World, Allowed) {
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let client_id = app(&world, "openid email offline_access", false);
    let tokens = tokens(&world, &mut browser, &client_id, SCOPE);
    let csrf = csrf(&world, &mut browser);
    (world, Allowed { browser, csrf, client_id, tokens })
}

fn take_back(world: &World, given: &mut Allowed, scope: Option<&str>) -> Response {
    let mut fields = vec![("csrf", &*given.csrf), ("client_id", &*given.client_id)];
    fields.extend(scope.map(|scope| ("scope", scope)));
    given.browser.post(world, "/account/apps", &fields)
}

fn page(world: &World, given: &mut Allowed) -> String {
    text(&given.browser.get(world, "/account"))
}

#[test]
fn an_app_that_loses_its_access_is_in_no_list_and_gets_no_token_or_keeps_both() {
    cut_everywhere(
        allowed,
        |world, given| take_back(world, given, None),
        |world, given, answered| {
            let is_listed = page(world, given).contains("Test App");
            assert!(answered.is_none() || !is_listed);
            assert_eq!(userinfo(world, &given.tokens)["sub"].is_string(), is_listed);
            let refreshed = refresh(world, &given.client_id, &given.tokens);
            assert_eq!(refreshed["access_token"].is_string(), is_listed);
            assert_eq!(take_back(world, given, None).status, 303);
            assert!(!page(world, given).contains("Test App"));
            let tokens = if is_listed { &refreshed } else { &given.tokens };
            assert!(userinfo(world, tokens)["sub"].is_null());
            assert!(refresh(world, &given.client_id, &given.tokens)["access_token"].is_null());
            world.advance(60);
            assert_eq!(world.objects.count(Class::Grant), 0);
        },
    );
}

#[test]
fn an_access_token_of_an_app_that_lost_its_access_reads_nothing_before_the_alarm_either() {
    cut_and_ask_at_once(
        allowed,
        |world, given| take_back(world, given, None),
        |world, given, _| {
            let is_listed = page(world, given).contains("Test App");
            assert_eq!(userinfo(world, &given.tokens)["sub"].is_string(), is_listed);
            let refreshed = refresh(world, &given.client_id, &given.tokens);
            if !is_listed && refreshed["access_token"].is_string() {
                // The grant doesn't know yet, but the account refuses the tokens that it issues.
                assert!(userinfo(world, &refreshed)["sub"].is_null());
                world.advance(11);
                assert!(refresh(world, &given.client_id, &refreshed)["access_token"].is_null());
            }
        },
    );
}

#[test]
fn an_app_that_loses_a_scope_is_shown_without_it_and_gets_tokens_without_it_or_keeps_it() {
    cut_everywhere(
        allowed,
        |world, given| take_back(world, given, Some("email")),
        |world, given, answered| {
            let is_listed = |page: &str| page.contains("name=\"scope\" value=\"email\"");
            let has_scope = is_listed(&page(world, given));
            assert!(answered.is_none() || !has_scope);
            assert_eq!(userinfo(world, &given.tokens)["email"].is_string(), has_scope);
            let refreshed = refresh(world, &given.client_id, &given.tokens);
            assert_eq!(refreshed["scope"].as_str().unwrap().contains("email"), has_scope);
            assert_eq!(take_back(world, given, Some("email")).status, 303);
            assert!(!is_listed(&page(world, given)) && page(world, given).contains("Test App"));
            assert!(userinfo(world, &refreshed)["email"].is_null());
            let refreshed = refresh(world, &given.client_id, &refreshed);
            assert!(!refreshed["scope"].as_str().unwrap().contains("email"));
        },
    );
}
