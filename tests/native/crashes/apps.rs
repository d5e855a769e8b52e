//! Creating and deleting apps (RFC 7591, RFC 7592).

use serde_json::{Value, json};
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::{Method, Response};

use super::{cut_everywhere, developer};
use crate::attacks::access::{PASSWORD, authorize_url};
use crate::support::World;
use crate::support::browser::{self, Browser, csrf, text};

fn make_app(world: &World, browser: &mut Browser, csrf: &str) -> Response {
    let fields = [
        ("csrf", csrf),
        ("name", "Sundial"),
        ("redirect_uris", "https://app.example.test/callback"),
        ("kind", "public"),
    ];
    browser.post(world, "/developers", &fields)
}

/// The apps in the user's list.
fn listed(world: &World, browser: &mut Browser) -> Vec<String> {
    let page = text(&browser.get(world, "/developers"));
    let ids = page.split("/developers/vcl_").skip(1);
    ids.filter_map(|rest| Some(format!("vcl_{}", rest.split(['"', '?']).next()?))).collect()
}

/// Whether the user can delete the account, which is possible only without apps.
fn can_leave(world: &World, browser: &mut Browser) -> bool {
    let fields = [("current_password", PASSWORD)];
    let left = browser.submit(world, "/account/delete", &fields);
    text(&left).contains("Your account was deleted")
}

/// Whether `/authorize` accepts a request of the client.
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
