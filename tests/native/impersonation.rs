//! An app that poses as another one on pages that ask the user for something.

use futures_lite::future::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};
use vestibule::domain::client::Client;
use vestibule::domain::verification::{VerifiedClient, fingerprint};
use vestibule::endpoints::http::{Method, Response};
use vestibule::ports::ClientRegistry;
use vestibule::protocol::redirect_uri::Destination;
use vestibule::protocol::registration;

use crate::support::World;
use crate::support::browser::{Browser, csrf, field, json, text};
use crate::support::provider::{SECRET, setting};

const CALLBACK: &str = "https://app.example.test/callback";
const NOTICE: &str = "This app hasn't been verified. Continue only if you trust its developer.";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const INITIAL: &str = "an initial access token of 32 characters";

fn send(world: &World, method: Method, target: &str, body: &Value, token: &str) -> Response {
    let bearer = format!("Bearer {token}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    Browser::default().request(world, method, target, body.to_string(), &headers)
}

fn register(world: &World, metadata: &Value) -> Value {
    let response = send(world, Method::Post, "/register", metadata, INITIAL);
    assert_eq!(response.status, 201, "{}", text(&response));
    json(&response)
}

fn app(world: &World, more: &[(&str, Value)]) -> Value {
    let mut metadata = json!({
        "client_name": "Photo Printer", "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", DEVICE_GRANT]
    });
    for (name, value) in more {
        metadata[*name] = value.clone();
    }
    register(world, &metadata)
}

fn id(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

fn stored(world: &World, client: &Value) -> Client {
    block_on(world.clients.find(id(client))).unwrap().unwrap()
}

fn signed_up(world: &World) -> Browser {
    let mut browser = Browser::default();
    let person = [("email", "p@example.test"), ("password", "a long enough passphrase")];
    assert_eq!(browser.submit(world, "/sign-up", &person).status, 303);
    browser
}

fn consent(world: &World, client: &Value, redirect_uri: &str) -> String {
    let mut browser = signed_up(world);
    let asked = browser.get(
        world,
        &format!(
            "/authorize?response_type=code&client_id={}&redirect_uri={redirect_uri}&scope=openid\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
             &code_challenge_method=S256",
            id(client)
        ),
    );
    text(&browser.get(world, asked.header("location").expect("the consent page")))
}

#[test]
fn an_app_with_a_scheme_of_its_own_does_not_choose_the_host_that_it_is_shown_with() {
    let world = World::new(&[]);
    let uri = "com.evil.app://accounts.google.com/cb";
    let page = consent(&world, &app(&world, &[("redirect_uris", json!([uri]))]), uri);
    assert!(page.contains("<strong>com.evil.app:</strong>"), "{page}");
    assert!(!page.contains("google"), "{page}");
}

#[test]
fn a_destination_is_shown_by_what_its_author_could_not_choose() {
    use Destination::{App, Site, ThisDevice};
    for (uri, shown) in [
        ("https://app.example.test/accounts.google.com", Site("app.example.test".into())),
        ("https://app.example.test:443/", Site("app.example.test".into())),
        ("https://app.example.test:8443/", Site("app.example.test:8443".into())),
        ("https://аpple.com/", Site("xn--pple-43d.com".into())),
        ("http://127.0.0.1:4567/google.com", ThisDevice("http://127.0.0.1:4567".into())),
        ("http://[::1]/", ThisDevice("http://[::1]".into())),
        ("http://localhost:3000/cb", ThisDevice("http://localhost:3000".into())),
        ("com.evil.app://accounts.google.com/cb", App("com.evil.app:".into())),
        ("com.evil.app:/accounts.google.com", App("com.evil.app:".into())),
    ] {
        assert_eq!(Destination::of(uri), Some(shown), "{uri}");
    }
}

#[test]
fn the_device_page_says_that_the_app_is_unverified() {
    let world = World::new(&[]);
    let client = app(&world, &[("policy_uri", json!("https://app.example.test/policy"))]);
    let mut browser = signed_up(&world);
    let fields = [("client_id", id(&client))];
    let asked = json(&browser.post(&world, "/device_authorization", &fields));
    let code = asked["user_code"].as_str().unwrap();
    let page = text(&browser.get(&world, &format!("/device?user_code={code}")));
    assert!(page.contains(NOTICE) && page.contains("<bdi>Photo Printer</bdi>"), "{page}");
    assert!(page.contains("https://app.example.test/policy") && !page.contains("Takes you back"));
}

#[test]
fn the_connect_page_says_that_the_app_is_unverified_and_where_it_leads() {
    let providers = setting("https://idp.test", json!({ "connection_scope": "files" }));
    let world = World::new(&[("PROVIDERS", &providers), SECRET]);
    let uri = "com.evil.app://accounts.google.com/cb";
    let client = app(&world, &[("redirect_uris", json!([uri]))]);
    let mut browser = signed_up(&world);
    let query = format!("client_id={}&redirect_uri={uri}", id(&client));
    let page = text(&browser.get(&world, &format!("/connect/acme?{query}")));
    assert!(page.contains(NOTICE) && page.contains("<strong>com.evil.app:</strong>"), "{page}");
    // If the user comes from the account page, there is no app.
    assert!(!text(&browser.get(&world, "/connect/acme")).contains(NOTICE));
}

#[test]
fn a_verified_app_that_changes_what_users_see_is_unverified_again() {
    let mut world = World::new(&[]);
    let client = app(&world, &[]);
    let entry = client["verified_clients_entry"].as_str().unwrap().to_owned();
    world.settings.verified_clients = vec![VerifiedClient::parse(&entry).unwrap()];
    assert!(!consent(&world, &client, CALLBACK).contains(NOTICE));
    let token = client["registration_access_token"].as_str().unwrap();
    let target = format!("/register/{}", id(&client));
    let read = json(&send(&world, Method::Get, &target, &json!({}), token));
    assert!(read.get("verified_clients_entry").is_none(), "{read}");
    // The whole response can be sent back as an update (RFC 7592 §2.2) without changing anything.
    let mut same = read;
    same.as_object_mut().unwrap().remove("registration_access_token");
    assert_eq!(send(&world, Method::Put, &target, &same, token).status, 200);
    assert!(!world.settings.is_unverified(&stored(&world, &client)));
    let evil = "https://evil.example.test/callback";
    for (member, value) in [
        ("client_name", json!("Google Drive")),
        ("client_uri", json!("https://evil.example.test/")),
        ("logo_uri", json!("https://evil.example.test/google.png")),
        ("policy_uri", json!("https://evil.example.test/policy")),
        ("tos_uri", json!("https://evil.example.test/terms")),
        ("redirect_uris", json!([CALLBACK, evil])),
        ("post_logout_redirect_uris", json!([evil])),
    ] {
        let mut changed = same.clone();
        changed[member] = value;
        let answer = json(&send(&world, Method::Put, &target, &changed, token));
        assert!(world.settings.is_unverified(&stored(&world, &client)), "{member}");
        assert_ne!(answer["verified_clients_entry"], entry, "{member}");
        assert_eq!(send(&world, Method::Put, &target, &same, token).status, 200);
        assert!(!world.settings.is_unverified(&stored(&world, &client)), "as it was");
    }
}

#[test]
fn an_app_of_the_initial_access_token_loses_its_verification_with_what_was_verified() {
    let token = [("REGISTRATION", "token"), ("REGISTRATION_TOKEN", INITIAL)];
    let world = World::new(&token);
    let client = app(&world, &[]);
    assert!(!world.settings.is_unverified(&stored(&world, &client)));
    assert!(client.get("verified_clients_entry").is_none());
    let token = client["registration_access_token"].as_str().unwrap();
    let target = format!("/register/{}", id(&client));
    let put = |changes: Value| {
        let mut body = json!({
            "client_id": id(&client), "client_name": "Photo Printer", "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]
        });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        send(&world, Method::Put, &target, &body, token)
    };
    assert_eq!(put(json!({ "contacts": ["me@example.test"] })).status, 200);
    assert!(!world.settings.is_unverified(&stored(&world, &client)), "contacts aren't covered");
    assert_eq!(put(json!({ "client_name": "Vestibule" })).status, 400);
    assert_eq!(put(json!({ "redirect_uris": ["https://evil.test/"] })).status, 200);
    let answer = json(&put(json!({})));
    assert!(world.settings.is_unverified(&stored(&world, &client)), "and stays so");
    assert!(answer["verified_clients_entry"].is_string());
}

#[test]
fn the_developers_page_has_the_line_for_the_operator_and_saving_changes_it() {
    let mut world = World::new(&[]);
    let mut browser = signed_up(&world);
    let fields = [("name", "Album"), ("redirect_uris", CALLBACK), ("kind", "public")];
    let made = text(&browser.submit(&world, "/developers", &fields));
    let code = |page: &str, start: &str| {
        let mut codes = page.split("<code>").map(|rest| rest.split('<').next().unwrap());
        codes.find(|code| code.starts_with(start)).expect("it is there").to_owned()
    };
    let client_id = code(&made, "vcl_");
    let entry = code(&made, &format!("{client_id}=")).replace("&#61;", "=");
    world.settings.verified_clients = vec![VerifiedClient::parse(&entry).unwrap()];
    let path = format!("/developers/{client_id}");
    let page = text(&browser.get(&world, &path));
    assert!(page.contains("makes your app unverified") && page.contains("<dd>Verified</dd>"));
    let csrf = csrf(&world, &mut browser);
    let metadata = field(&page, "metadata").unwrap();
    let fields = [
        ("csrf", csrf.as_str()),
        ("metadata", metadata.as_str()),
        ("action", "save"),
        ("name", "Google"),
        ("redirect_uris", CALLBACK),
    ];
    let saved = text(&browser.post(&world, &path, &fields));
    assert!(saved.contains("VERIFIED_CLIENTS") && !saved.contains(&entry), "{saved}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..<_>::default() })]

    #[test]
    fn two_apps_have_one_fingerprint_only_if_people_see_the_same(
        one in ("[ab\",\\[]{1,4}", prop::collection::vec("[ab]", 1..4), prop::collection::vec("[ab]", 0..3)),
        other in ("[ab\",\\[]{1,4}", prop::collection::vec("[ab]", 1..4), prop::collection::vec("[ab]", 0..3)),
    ) {
        type Parts = (String, Vec<String>, Vec<String>);
        let uris = |paths: &[String]| -> Vec<String> {
            paths.iter().map(|path| format!("https://a.test/{path}")).collect()
        };
        let metadata = |(name, redirect, logout): &Parts| {
            let body = json!({
                "client_name": name, "redirect_uris": uris(redirect),
                "post_logout_redirect_uris": uris(logout)
            });
            registration::metadata(body.to_string().as_bytes()).unwrap()
        };
        let set = |list: &[String]| list.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        let same = one.0 == other.0 && set(&one.1) == set(&other.1) && set(&one.2) == set(&other.2);
        prop_assert_eq!(fingerprint(&metadata(&one)) == fingerprint(&metadata(&other)), same);
    }
}
