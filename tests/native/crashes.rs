//! The process dies at each moment in turn, and starts again. What spans two places is then finished or was never begun,
//! and whoever repeats a request goes on.

use serde_json::{Value, json};
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::{Method, Response};

use crate::attacks::access::{CALLBACK, PASSWORD, app, authorize_url, refresh, signed_up, tokens};
use crate::grant_properties::VERIFIER;
use crate::support::World;
use crate::support::browser::{self, Browser, answer, csrf, text};

/// More moments than any request has.
const MANY: u32 = 200;

/// Has the process die at each moment of a request, each time in a world of its own. The check gets the response, if
/// there was one.
pub fn cut_everywhere<T>(
    prepare: impl Fn() -> (World, T),
    request: impl Fn(&World, &mut T) -> Response,
    check: impl Fn(&World, &mut T, Option<Response>),
) {
    for moments in 0..MANY {
        let (world, mut given) = prepare();
        world.fuse.light(moments);
        let response = request(&world, &mut given);
        let had_died = world.restart();
        // The alarm comes back to effects that were not performed.
        world.advance(11);
        check(&world, &mut given, (!had_died).then_some(response));
        if !had_died {
            assert!(moments > 2, "the request has moments");
            return;
        }
    }
    panic!("a request has more than {MANY} moments");
}

fn developer() -> (World, Browser) {
    let world = World::new(&[]);
    let browser = signed_up(&world, "person@example.test");
    (world, browser)
}

fn make_app(world: &World, browser: &mut Browser, csrf: &str) -> Response {
    let fields = [
        ("csrf", csrf),
        ("name", "Sundial"),
        ("redirect_uris", "https://app.example.test/callback"),
        ("kind", "public"),
    ];
    browser.post(world, "/developers", &fields)
}

/// The apps in the person's list.
fn listed(world: &World, browser: &mut Browser) -> Vec<String> {
    let page = text(&browser.get(world, "/developers"));
    let ids = page.split("/developers/vcl_").skip(1);
    ids.filter_map(|rest| Some(format!("vcl_{}", rest.split(['"', '?']).next()?))).collect()
}

/// Whether the person can delete the account, which needs that no app is left.
fn can_leave(world: &World, browser: &mut Browser) -> bool {
    let fields = [("current_password", PASSWORD)];
    let left = browser.submit(world, "/account/delete", &fields);
    text(&left).contains("Your account is gone")
}

/// Whether `/authorize` takes a request of the client.
fn is_taken(world: &World, client_id: &str) -> bool {
    let response = Browser::default().get(world, &authorize_url(client_id, "&scope=openid"));
    assert!(matches!(response.status, 200 | 400), "{}", response.status);
    response.status == 200
}

#[test]
fn an_app_that_is_made_is_in_the_list_and_works_or_is_neither() {
    cut_everywhere(
        || {
            let (world, mut browser) = developer();
            let csrf = csrf(&world, &mut browser);
            (world, (browser, csrf))
        },
        |world, (browser, csrf)| make_app(world, browser, csrf),
        |world, (browser, _), answered| {
            let apps = listed(world, browser);
            assert_eq!(apps.len(), world.objects.count(Class::Registration));
            assert!(answered.is_none() || apps.len() == 1);
            for client_id in &apps {
                assert!(is_taken(world, client_id));
                let page = format!("/developers/{client_id}");
                assert_eq!(browser.get(world, &page).status, 200);
            }
            assert_eq!(can_leave(world, browser), apps.is_empty());
        },
    );
}

#[test]
fn an_app_that_is_deleted_is_in_no_list_and_refused_or_neither_and_can_be_deleted_again() {
    let delete = |world: &World, browser: &mut Browser, (client_id, csrf): (&str, &str)| {
        let fields = [("csrf", csrf), ("action", "delete")];
        browser.post(world, &format!("/developers/{client_id}"), &fields)
    };
    cut_everywhere(
        || {
            let (world, mut browser) = developer();
            let csrf = csrf(&world, &mut browser);
            assert_eq!(make_app(&world, &mut browser, &csrf).status, 200);
            let client_id = listed(&world, &mut browser).remove(0);
            (world, (browser, csrf, client_id))
        },
        |world, (browser, csrf, client_id)| delete(world, browser, (client_id, csrf)),
        |world, (browser, csrf, client_id), answered| {
            let is_listed = listed(world, browser).contains(client_id);
            assert_eq!(is_listed, is_taken(world, client_id));
            assert_eq!(is_listed, world.clients.get(client_id).is_some());
            assert!(answered.is_none() || !is_listed);
            delete(world, browser, (client_id, csrf));
            assert!(listed(world, browser).is_empty() && !is_taken(world, client_id));
            assert!(can_leave(world, browser));
        },
    );
}

#[test]
fn a_client_that_is_deleted_is_refused_everywhere_or_nowhere() {
    // RFC 7592 §2.3
    let register = |world: &World| -> Value {
        let metadata = json!({ "redirect_uris": [], "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post" });
        let headers = [("content-type", "application/json")];
        let body = metadata.to_string();
        let response = Browser::default().request(world, Method::Post, "/register", body, &headers);
        browser::json(&response)
    };
    let manage = |world: &World, client: &Value, method: Method| {
        let bearer = format!("Bearer {}", client["registration_access_token"].as_str().unwrap());
        let path = format!("/register/{}", client["client_id"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str())];
        Browser::default().request(world, method, &path, String::new(), &headers)
    };
    let token = |world: &World, client: &Value| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client["client_id"].as_str().unwrap()),
            ("client_secret", client["client_secret"].as_str().unwrap()),
        ];
        Browser::default().post(world, "/token", &fields).status
    };
    cut_everywhere(
        || {
            let token = "a registration token of the operator";
            let world = World::new(&[("REGISTRATION", "open"), ("REGISTRATION_TOKEN", token)]);
            let client = register(&world);
            (world, client)
        },
        |world, client| manage(world, client, Method::Delete),
        |world, client, answered| {
            let is_there = manage(world, client, Method::Get).status == 200;
            assert_eq!(token(world, client) == 200, is_there);
            assert!(answered.is_none() || !is_there);
            manage(world, client, Method::Delete);
            assert_ne!(token(world, client), 200);
        },
    );
}

#[test]
fn whoever_repeats_a_sign_up_that_was_cut_off_has_an_account_in_the_end() {
    let fields = [("name", "Pat"), ("email", "pat@example.test"), ("password", PASSWORD)];
    cut_everywhere(
        || (World::new(&[]), Browser::default()),
        |world, browser| browser.submit(world, "/sign-up", &fields),
        |world, browser, answered| {
            assert!(answered.is_none_or(|response| response.status == 303));
            if !is_signed_up(world, browser) {
                let again = browser.submit(world, "/sign-up", &fields);
                // If only the response was lost, the account is there.
                if again.status != 303 {
                    assert_eq!(browser.submit(world, "/sign-in", &fields[1..]).status, 303);
                }
            }
            assert!(is_signed_up(world, browser));
            let taken = Browser::default().submit(world, "/sign-up", &fields);
            assert_ne!(taken.status, 303, "a stranger doesn't get the address");
            assert_eq!(world.objects.count(Class::Account), 1, "one account was made");
        },
    );
}

fn is_signed_up(world: &World, browser: &mut Browser) -> bool {
    browser.get(world, "/account").status == 200
}

#[test]
fn an_account_that_is_deleted_is_gone_with_its_address_and_its_grants_or_is_there() {
    let email = "person@example.test";
    let fields = [("current_password", PASSWORD)];
    cut_everywhere(
        || {
            let (world, mut browser) = developer();
            let client_id = app(&world, "openid offline_access", true);
            let scope = "&scope=openid+offline_access";
            let issued = tokens(&world, &mut browser, &client_id, scope);
            (world, (browser, client_id, issued))
        },
        |world, (browser, ..)| browser.submit(world, "/account/delete", &fields),
        |world, (browser, client_id, issued), answered| {
            if answered.is_none() {
                // Whoever repeats it finishes what the first request began.
                browser.submit(world, "/account/delete", &fields);
            }
            assert!(!is_signed_up(world, browser));
            assert!(refresh(world, client_id, issued)["access_token"].is_null());
            let again = [("name", "Pat"), ("email", email), ("password", PASSWORD)];
            let again = Browser::default().submit(world, "/sign-up", &again);
            assert_eq!(again.status, 303, "the address is free");
            // An end that comes twice is remembered while a code could be on its way.
            world.advance(60);
            assert_eq!(world.objects.count(Class::Grant), 0);
        },
    );
}

#[test]
fn a_code_whose_redemption_was_cut_off_is_redeemed_now_or_never() {
    // RFC 6749 §4.1.2
    cut_everywhere(
        || {
            let (world, mut browser) = developer();
            let client_id = app(&world, "openid offline_access", true);
            let scope = "&scope=openid+offline_access";
            let response = browser.get(&world, &authorize_url(&client_id, scope));
            let code = answer(&response, "code").unwrap();
            (world, (client_id, code))
        },
        |world, (client_id, code)| redemption(world, client_id, code),
        |world, (client_id, code), answered| {
            let again = redemption(world, client_id, code);
            let is_first = answered.is_none_or(|response| response.status != 200);
            assert!(again.status == 400 || is_first);
            assert_eq!(redemption(world, client_id, code).status, 400, "not twice");
        },
    );
}

#[test]
fn an_authorization_that_was_cut_off_can_be_repeated_and_leaves_nothing_in_the_end() {
    cut_everywhere(
        || {
            let (world, browser) = developer();
            let client_id = app(&world, "openid offline_access", true);
            (world, (browser, client_id))
        },
        |world, (browser, client_id)| {
            browser.get(world, &authorize_url(client_id, "&scope=openid+offline_access"))
        },
        |world, (browser, client_id), _| {
            let again = browser.get(world, &authorize_url(client_id, "&scope=openid"));
            let code = answer(&again, "code").expect("a code");
            assert_eq!(redemption(world, client_id, &code).status, 200);
            world.advance(7 * 86_400);
            assert!(world.objects.count(Class::Grant) <= 1, "only what was redeemed");
        },
    );
}

fn redemption(world: &World, client_id: &str, code: &str) -> Response {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    Browser::default().post(world, "/token", &fields)
}

#[test]
fn an_account_with_nothing_left_is_not_woken_again_and_the_next_sign_in_sets_the_alarm() {
    let (world, mut browser) = developer();
    assert_eq!(world.objects.alarms(Class::Account), 1);
    world.advance(400 * 86_400);
    world.advance(8 * 86_400);
    assert_eq!(world.objects.alarms(Class::Account), 0);
    let fields = [("email", "person@example.test"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&world, "/sign-in", &fields).status, 303);
    assert_eq!(world.objects.alarms(Class::Account), 1);
}
