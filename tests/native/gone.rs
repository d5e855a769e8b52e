//! What remains after a key or a client is deleted: hints outlive their keys, and no token outlives its client.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use vestibule::endpoints::http::Method;
use vestibule::protocol::parameters;

use crate::attacks::access::{CALLBACK, app, authorize_url, refresh, signed_up, tokens, userinfo};
use crate::support::World;
use crate::support::browser::{Browser, answer, csrf, json as body, text};

const DAY: u32 = 86_400;
const SCOPE: &str = "&scope=openid+profile+offline_access";
/// Longer than a key is published, so that the session outlives the key.
const LONG_SESSIONS: (&str, &str) = ("SESSION_LIFETIME", "31536000");

/// Advances the clock by days; keys rotate when they are due.
fn days(world: &World, count: u32) {
    for _ in 0..count {
        world.advance(DAY);
    }
}

fn end_session(pairs: &[(&str, &str)]) -> String {
    format!("/end_session?{}", parameters::encode(pairs.iter().copied()))
}

fn kid(token: &str) -> String {
    let header = Base64UrlUnpadded::decode_vec(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[test]
fn an_id_token_whose_key_is_no_longer_published_still_ends_its_session() {
    // RP-Initiated Logout §2: an ID token that has expired is still a hint
    let world = World::new(&[LONG_SESSIONS]);
    let client_id = app(&world, "openid profile offline_access", true);
    Browser::default().get(&world, "/jwks");
    days(&world, 27);
    let mut browser = signed_up(&world, "person@example.test");
    let issued = tokens(&world, &mut browser, &client_id, SCOPE);
    let hint = issued["id_token"].as_str().unwrap();
    days(&world, 7);
    let published = text(&browser.get(&world, "/jwks"));
    assert!(!published.contains(&kid(hint)), "the key is gone from the published set");
    let hinted = authorize_url(&client_id, &format!("{SCOPE}&prompt=none&id_token_hint={hint}"));
    let silent = browser.get(&world, &hinted);
    assert!(answer(&silent, "code").is_some(), "OpenID Connect Core §3.1.2.1: {silent:?}");
    days(&world, 300);
    let out = browser.get(&world, &end_session(&[("id_token_hint", hint)]));
    assert_eq!(out.header("location"), Some("http://localhost:8787/signed-out"), "{}", text(&out));
    assert_eq!(
        browser.get(&world, "/account").header("location"),
        Some("http://localhost:8787/sign-in")
    );
}

#[test]
fn an_old_key_verifies_hints_and_nothing_else() {
    // RFC 9068 §4: an access token is verified with a key that is published now
    let world = World::new(&[LONG_SESSIONS, ("ACCESS_TOKEN_LIFETIME", "86400")]);
    let client_id = app(&world, "openid profile offline_access", true);
    let mut browser = signed_up(&world, "person@example.test");
    let issued = tokens(&world, &mut browser, &client_id, SCOPE);
    days(&world, 60);
    let hint = issued["access_token"].as_str().unwrap();
    let refused = browser.get(&world, &end_session(&[("id_token_hint", hint)]));
    assert_eq!(refused.status, 400, "an access token is no hint");
    let token = issued["access_token"].as_str().unwrap();
    let response = Browser::default().post(&world, "/userinfo", &[("access_token", token)]);
    assert_eq!(response.status, 401);
    assert!(text(&browser.get(&world, "/jwks")).matches("\"kid\"").count() <= 4);
}

/// A registered client, and its access to the client configuration endpoint (RFC 7592 §2).
struct Registered {
    client_id: String,
    path: String,
    token: String,
}

fn registered(world: &World, metadata: &Value) -> Registered {
    let headers = [("content-type", "application/json")];
    let sent = metadata.to_string();
    let response = Browser::default().request(world, Method::Post, "/register", sent, &headers);
    let told = body(&response);
    let member = |name: &str| told[name].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
    let path = member("registration_client_uri").replace("http://localhost:8787", "");
    Registered { client_id: member("client_id"), path, token: member("registration_access_token") }
}

/// RFC 7592 §2.3
fn delete(world: &World, client: &Registered) {
    let authorization = format!("Bearer {}", client.token);
    let headers = [("authorization", authorization.as_str())];
    let mut caller = Browser::default();
    let done = caller.request(world, Method::Delete, &client.path, String::new(), &headers);
    assert_eq!(done.status, 204, "{}", text(&done));
}

fn public(more: &Value) -> Value {
    let mut metadata = json!({ "redirect_uris": [CALLBACK], "client_name": "Test App",
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile offline_access" });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

#[test]
fn a_deleted_clients_tokens_are_refused() {
    // RFC 7592 §2.3: the server should invalidate the client's grants and tokens
    let world = World::new(&[]);
    let client = registered(&world, &public(&json!({})));
    let mut browser = signed_up(&world, "person@example.test");
    let issued = tokens(&world, &mut browser, &client.client_id, SCOPE);
    assert!(text(&browser.get(&world, "/account")).contains("Test App"));
    delete(&world, &client);
    assert_eq!(userinfo(&world, &issued)["error"], "invalid_token");
    let headers =
        [("authorization", format!("Bearer {}", issued["access_token"].as_str().unwrap()))];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    let outside =
        Browser::default().request(&world, Method::Get, "/connections", String::new(), &headers);
    assert_eq!(outside.status, 401);
    assert_eq!(refresh(&world, &client.client_id, &issued)["error"], "invalid_client");
    let page = text(&browser.get(&world, "/account"));
    assert!(!page.contains("Test App") && !page.contains(&client.client_id), "{page}");
}

#[test]
fn a_deleted_clients_id_token_signs_nobody_out_without_asking_and_is_no_hint() {
    let world = World::new(&[]);
    let client = registered(&world, &public(&json!({})));
    let other = app(&world, "openid", true);
    let mut browser = signed_up(&world, "person@example.test");
    let issued = tokens(&world, &mut browser, &client.client_id, SCOPE);
    let hint = issued["id_token"].as_str().unwrap();
    delete(&world, &client);
    let asked = browser.get(&world, &end_session(&[("id_token_hint", hint)]));
    assert_eq!(asked.status, 200);
    assert!(text(&asked).contains("Sign out?"), "the user is asked");
    let hinted = format!("&scope=openid&prompt=none&id_token_hint={hint}");
    let silent = browser.get(&world, &authorize_url(&other, &hinted));
    assert_eq!(answer(&silent, "error").as_deref(), Some("invalid_request"));
}

#[test]
fn a_deleted_clients_pending_requests_fail() {
    let world = World::new(&[]);
    let device = json!({ "redirect_uris": [], "response_types": [],
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"] });
    let television = registered(&world, &public(&device));
    let client = registered(&world, &public(&json!({})));
    let mut browser = signed_up(&world, "person@example.test");
    let fields = [("client_id", television.client_id.as_str()), ("scope", "openid")];
    let asked = body(&Browser::default().post(&world, "/device_authorization", &fields));
    let user_code = asked["user_code"].as_str().unwrap();
    let consent = browser.get(&world, &authorize_url(&client.client_id, SCOPE));
    let consent = consent.header("location").unwrap().to_owned();
    delete(&world, &television);
    delete(&world, &client);
    let page = browser.get(&world, &format!("/device?user_code={user_code}"));
    assert_eq!(page.status, 404, "{}", text(&page));
    let token = csrf(&world, &mut browser);
    let decision = [("csrf", token.as_str()), ("user_code", user_code), ("decision", "allow")];
    assert_eq!(browser.post(&world, "/device/decide", &decision).status, 404);
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", &television.client_id),
        ("device_code", asked["device_code"].as_str().unwrap()),
    ];
    let polled = Browser::default().post(&world, "/token", &poll);
    assert_eq!((polled.status, body(&polled)["error"].clone()), (400, json!("invalid_client")));
    assert_eq!(browser.get(&world, &consent).status, 400);
}

#[test]
fn every_401_names_an_authentication_scheme() {
    // RFC 9110 §15.5.2
    let world = World::new(&[]);
    let nobody = [("client_id", "nobody"), ("token", "x"), ("grant_type", "client_credentials")];
    let endpoints = ["/token", "/introspect", "/revoke", "/device_authorization", "/userinfo"];
    for path in endpoints.iter().chain(&["/connections", "/connections/acme/token"]) {
        let is_get = path.starts_with("/connections");
        let bearer = [("authorization", "Bearer x")];
        let basic = [
            ("authorization", "Basic eDp5"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let sent = parameters::encode(nobody);
        let answers = if is_get {
            vec![
                Browser::default().get(&world, path),
                Browser::default().request(&world, Method::Get, path, String::new(), &bearer),
            ]
        } else {
            vec![
                Browser::default().post(&world, path, &nobody),
                Browser::default().request(&world, Method::Post, path, sent, &basic),
            ]
        };
        for response in answers {
            let challenge = response.header("www-authenticate");
            assert!(response.status != 401 || challenge.is_some(), "{path}: {response:?}");
        }
    }
}

#[test]
fn a_client_that_used_the_body_gets_400_and_one_that_used_the_header_a_challenge() {
    // RFC 6749 §5.2. On a 401 with Basic, a browser asks its user for a password, and the app's request hangs.
    let world = World::new(&[]);
    let nobody = [("client_id", "nobody"), ("token", "x"), ("grant_type", "client_credentials")];
    let basic = ("authorization", "Basic bm9ib2R5Ong=");
    let content_type = ("content-type", "application/x-www-form-urlencoded");
    let sent = parameters::encode(nobody);
    for path in ["/token", "/revoke", "/device_authorization", "/introspect"] {
        let by_body = Browser::default().post(&world, path, &nobody);
        // RFC 7662 §2.3
        let expected = if path == "/introspect" { 401 } else { 400 };
        assert_eq!(by_body.status, expected, "{path}");
        let headers = [content_type, basic];
        let by_header =
            Browser::default().request(&world, Method::Post, path, sent.clone(), &headers);
        assert_eq!(by_header.status, 401, "{path}");
        for response in [by_body, by_header] {
            assert_eq!(body(&response)["error"], "invalid_client");
            let challenge = response.header("www-authenticate");
            assert_eq!(challenge.is_some(), response.status == 401, "{path}");
        }
    }
}

#[test]
fn no_page_for_users_responds_with_401() {
    // RFC 9110 §15.5.2: a page has no authentication scheme to name.
    let world = World::new(&[]);
    signed_up(&world, "person@example.test");
    let mut browser = Browser::default();
    let wrong = [("email", "person@example.test"), ("password", "wrong wrong wrong")];
    assert_eq!(browser.submit(&world, "/sign-in", &wrong).status, 422);
    let mut ended = signed_up(&world, "other@example.test");
    let token = csrf(&world, &mut ended);
    let cookies = ended.cookies.clone();
    ended.post(&world, "/sign-out", &[("csrf", &token)]);
    ended.cookies = cookies;
    let after = ended.post(&world, "/account/profile", &[("csrf", &token), ("name", "x")]);
    assert_eq!(after.status, 403);
    assert!(text(&after).contains("href=\"http://localhost:8787/sign-in\""), "a way on");
}
