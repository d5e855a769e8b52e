//! Registering and changing clients (RFC 7591 §3, RFC 7592 §2.2).

use serde_json::{Value, json};
use vestibule::domain::key_ring::ScheduledKey;
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::{Method, Response};
use vestibule::protocol::client_metadata::SigningAlgorithm;

use super::{cut_and_ask_at_once, cut_everywhere, developer};
use crate::attacks::access::authorize_url;
use crate::support::World;
use crate::support::browser::{Browser, csrf, field, json as body, text};

fn metadata(name: &str, alg: &str) -> Value {
    json!({ "redirect_uris": ["https://app.example.test/callback"], "client_name": name,
        "token_endpoint_auth_method": "none", "id_token_signed_response_alg": alg })
}

fn register(world: &World, alg: &str) -> Response {
    let headers = [("content-type", "application/json")];
    let metadata = metadata("Before", alg).to_string();
    Browser::default().request(world, Method::Post, "/register", metadata, &headers)
}

fn manage(world: &World, client: &Value, method: Method, metadata: &Value) -> Response {
    let bearer = format!("Bearer {}", client["registration_access_token"].as_str().unwrap());
    let path = format!("/register/{}", client["client_id"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    Browser::default().request(world, method, &path, metadata.to_string(), &headers)
}

fn change(world: &World, client: &Value) -> Response {
    let mut changed = metadata("After", "ES256");
    changed["client_id"] = client["client_id"].clone();
    manage(world, client, Method::Put, &changed)
}

/// The name that users see, from the copy in KV.
fn shown(world: &World, client: &Value) -> Option<String> {
    world.clients.get(client["client_id"].as_str().unwrap())?.metadata.client_name
}

#[test]
fn a_client_that_is_registered_has_a_record_and_a_copy_or_neither_and_can_be_registered_again() {
    for alg in ["ES256", "RS256"] {
        cut_everywhere(
            || (World::new(&[]), ()),
            |world, ()| register(world, alg),
            |world, (), answered| {
                let made = world.objects.count(Class::Registration);
                assert_eq!(world.clients.count(), made);
                assert!(answered.is_none() || made == 1);
                let again = register(world, alg);
                assert_eq!(again.status, 201, "{}", text(&again));
                let client_id = body(&again)["client_id"].as_str().unwrap().to_owned();
                let asked = Browser::default().get(world, &authorize_url(&client_id, ""));
                assert_eq!(asked.status, 200);
                let keys = world.keys.published().keys;
                let is_rsa = |key: &&ScheduledKey| key.pair.public.alg == SigningAlgorithm::RS256;
                let made = keys.iter().filter(is_rsa).count();
                assert_eq!(made, usize::from(alg == "RS256"), "the key is made once");
            },
        );
    }
}

#[test]
fn a_client_that_is_changed_is_changed_everywhere_or_nowhere_and_can_be_changed_again() {
    cut_everywhere(
        || {
            let world = World::new(&[]);
            let client = body(&register(&world, "ES256"));
            (world, client)
        },
        |world, client| change(world, client),
        |world, client, answered| {
            let record = body(&manage(world, client, Method::Get, &Value::Null));
            assert_eq!(shown(world, client).as_deref(), record["client_name"].as_str());
            assert!(answered.is_none() || record["client_name"] == "After");
            assert_eq!(change(world, client).status, 200);
            assert_eq!(shown(world, client).as_deref(), Some("After"));
        },
    );
}

#[test]
fn a_client_that_is_changed_twice_has_the_last_name_though_the_first_change_was_cut_off() {
    cut_and_ask_at_once(
        || {
            let world = World::new(&[]);
            let client = body(&register(&world, "ES256"));
            (world, client)
        },
        |world, client| change(world, client),
        |world, client, _| {
            let mut last = metadata("Last", "ES256");
            last["client_id"] = client["client_id"].clone();
            assert_eq!(manage(world, client, Method::Put, &last).status, 200);
            world.advance(11);
            assert_eq!(shown(world, client).as_deref(), Some("Last"));
        },
    );
}

#[test]
fn an_app_that_is_renamed_on_the_developers_page_has_one_name_in_every_list() {
    let rename =
        |world: &World, browser: &mut Browser, (client_id, csrf, form): (&str, &str, &str)| {
            let fields = [
                ("csrf", csrf),
                ("metadata", form),
                ("name", "Moondial"),
                ("redirect_uris", "https://app.example.test/callback"),
                ("action", "save"),
            ];
            browser.post(world, &format!("/developers/{client_id}"), &fields)
        };
    cut_everywhere(
        || {
            let (world, mut browser) = developer();
            let csrf = csrf(&world, &mut browser);
            let fields = [
                ("csrf", &*csrf),
                ("name", "Sundial"),
                ("redirect_uris", "https://app.example.test/callback"),
                ("kind", "public"),
            ];
            assert_eq!(browser.post(&world, "/developers", &fields).status, 200);
            let page = text(&browser.get(&world, "/developers"));
            let (_, rest) = page.split_once("/developers/vcl_").unwrap();
            let client_id = format!("vcl_{}", rest.split(['"', '?']).next().unwrap());
            let page = text(&browser.get(&world, &format!("/developers/{client_id}")));
            let form = field(&page, "metadata").unwrap();
            (world, (browser, csrf, client_id, form))
        },
        |world, (browser, csrf, id, form)| rename(world, browser, (id, csrf, form)),
        |world, (browser, csrf, client_id, _), answered| {
            let names = |world: &World, browser: &mut Browser| {
                let list = text(&browser.get(world, "/developers")).contains("Moondial");
                let app = text(&browser.get(world, &format!("/developers/{client_id}")));
                let copy = world.clients.get(client_id).unwrap().metadata.client_name;
                [list, app.contains("Moondial"), copy.as_deref() == Some("Moondial")]
            };
            let found = names(world, browser);
            assert!(found == [true; 3] || found == [false; 3], "{found:?}");
            assert!(answered.is_none() || found[0]);
            let page = text(&browser.get(world, &format!("/developers/{client_id}")));
            let form = field(&page, "metadata").unwrap();
            rename(world, browser, (client_id, csrf, &form));
            assert_eq!(names(world, browser), [true; 3]);
        },
    );
}
