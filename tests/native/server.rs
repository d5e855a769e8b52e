//! The whole server in process, where a test must move the clock or count the calls.

use serde_json::Value;
use vestibule::endpoints::http::{Method, Response};

use crate::grant_properties::VERIFIER;
use crate::support::World;
use crate::support::browser::{Browser, answer, json, text};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://app.example.test/callback";
const PASSWORD: &str = "a long enough passphrase";

fn register(world: &World, metadata: &str) -> Value {
    let body = metadata.as_bytes().to_vec();
    let headers = [("content-type", "application/json")];
    let response = Browser::default().request(world, Method::Post, "/register", body, &headers);
    assert_eq!(response.status, 201, "{}", text(&response));
    json(&response)
}

fn app(world: &World, more: &str) -> String {
    let client = register(
        world,
        &format!(
            r#"{{"redirect_uris":["{CALLBACK}"],"token_endpoint_auth_method":"none",
            "grant_types":["authorization_code","refresh_token"]{more}}}"#
        ),
    );
    client["client_id"].as_str().unwrap().to_owned()
}

fn signed_up(world: &World) -> Browser {
    let mut browser = Browser::default();
    let fields = [("email", "person@example.test"), ("password", PASSWORD)];
    let response = browser.submit(world, "/sign-up", &fields);
    assert_eq!(response.status, 303, "{}", text(&response));
    browser
}

fn authorize_url(client_id: &str, more: &str) -> String {
    format!(
        "/authorize?response_type=code&client_id={client_id}&state=s&redirect_uri={CALLBACK}\
         &scope=openid+offline_access&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

fn code(world: &World, browser: &mut Browser, client_id: &str, more: &str) -> String {
    let response = browser.get(world, &authorize_url(client_id, more));
    answer(&response, "code").unwrap_or_else(|| panic!("{:?}", response.header("location")))
}

fn redeem(world: &World, client_id: &str, code: &str) -> Response {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    Browser::default().post(world, "/token", &fields)
}

fn location(response: &Response) -> &str {
    response.header("location").unwrap_or_default()
}

const FIRST_PARTY: &str = r#","first_party":true"#;

#[test]
fn storage_is_called_as_often_as_the_design_says() {
    let world = World::new(&[]);
    let client = app(&world, FIRST_PARTY);
    let mut browser = signed_up(&world);
    let calls = |work: &mut dyn FnMut()| {
        let before = world.objects.calls.get();
        work();
        world.objects.calls.get() - before
    };
    let mut issued = String::new();
    assert_eq!(calls(&mut || issued = code(&world, &mut browser, &client, "")), 2);
    let mut tokens = Value::Null;
    assert_eq!(calls(&mut || tokens = json(&redeem(&world, &client, &issued))), 1);
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", client.as_str()),
        ("refresh_token", &token),
    ];
    let post = |path: &str, fields: &[(&str, &str)]| {
        calls(&mut || {
            let response = Browser::default().post(&world, path, fields);
            assert_eq!(response.status, 200, "{}", text(&response));
        })
    };
    assert_eq!(post("/token", &fields), 1);
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(post("/userinfo", &[("access_token", access_token)]), 1);
}

#[test]
fn a_code_is_good_for_a_minute() {
    let world = World::new(&[]);
    let client = app(&world, FIRST_PARTY);
    let mut browser = signed_up(&world);
    let issued = code(&world, &mut browser, &client, "");
    world.advance(61);
    assert_eq!(json(&redeem(&world, &client, &issued))["error"], "invalid_grant");
    let overview = text(&browser.get(&world, "/account"));
    assert!(overview.contains("No app has access"), "a code that came to nothing leaves no access");
}

#[test]
fn an_access_token_expires() {
    // RFC 6749 §4.2.2
    let world = World::new(&[("ACCESS_TOKEN_LIFETIME", "60")]);
    let client = app(&world, FIRST_PARTY);
    let mut browser = signed_up(&world);
    let issued = code(&world, &mut browser, &client, "");
    let tokens = json(&redeem(&world, &client, &issued));
    let access_token = tokens["access_token"].as_str().unwrap();
    let userinfo =
        || Browser::default().post(&world, "/userinfo", &[("access_token", access_token)]);
    assert_eq!(userinfo().status, 200);
    world.advance(60);
    assert_eq!(userinfo().status, 401);
}

#[test]
fn a_login_older_than_max_age_is_repeated() {
    // OpenID Connect Core §3.1.2.1
    let world = World::new(&[]);
    let client = app(&world, FIRST_PARTY);
    let mut browser = signed_up(&world);
    world.advance(100);
    let young = browser.get(&world, &authorize_url(&client, "&max_age=100"));
    assert!(answer(&young, "code").is_some());
    let old = browser.get(&world, &authorize_url(&client, "&max_age=99"));
    assert!(location(&old).contains("/sign-in"));
    let none = browser.get(&world, &authorize_url(&client, "&max_age=99&prompt=none"));
    assert_eq!(answer(&none, "error").as_deref(), Some("login_required"));
    let again = browser.submit(
        &world,
        location(&old),
        &[("email", "person@example.test"), ("password", PASSWORD)],
    );
    assert!(answer(&again, "code").is_some(), "{}", text(&again));
}

#[test]
fn a_page_that_waited_too_long_says_so() {
    let world = World::new(&[]);
    let client = app(&world, "");
    let first = Browser::default().get(&world, &authorize_url(&client, ""));
    world.advance(3601);
    let page = Browser::default().get(&world, location(&first));
    assert_eq!(page.status, 400);
    assert!(text(&page).contains("This page has expired"));
}

#[test]
fn a_locked_account_opens_again_after_a_while() {
    let world = World::new(&[]);
    signed_up(&world);
    let try_password = |password: &str| {
        let fields = [("email", "person@example.test"), ("password", password)];
        Browser::default().submit(&world, "/sign-in", &fields).status
    };
    for _ in 0..5 {
        assert_eq!(try_password("wrong wrong wrong"), 401);
    }
    assert_eq!(try_password(PASSWORD), 429, "even the right password waits");
    world.advance(2);
    assert_eq!(try_password(PASSWORD), 303);
    assert_eq!(try_password("wrong wrong wrong"), 401, "a right password starts the count again");
}

#[test]
fn signing_out_ends_what_was_not_granted_for_offline_use() {
    // OpenID Connect Core §11
    let world = World::new(&[]);
    let client = app(&world, FIRST_PARTY);
    let mut browser = signed_up(&world);
    let offline = code(&world, &mut browser, &client, "");
    let online_url = authorize_url(&client, "").replace("+offline_access", "");
    let online = answer(&browser.get(&world, &online_url), "code").unwrap();
    let tokens = |code: &str| json(&redeem(&world, &client, code));
    let (offline, online) = (tokens(&offline), tokens(&online));
    let response = browser.submit(&world, "/account", &[]);
    assert_eq!(response.status, 405, "the page itself takes no form");
    let html = text(&browser.get(&world, "/account"));
    let csrf = html.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let out = browser.post(&world, "/sign-out", &[("csrf", csrf)]);
    assert_eq!(out.status, 303);
    let refresh = |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields =
            [("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", token)];
        Browser::default().post(&world, "/token", &fields).status
    };
    assert_eq!((refresh(&offline), refresh(&online)), (200, 400));
}

#[test]
fn what_is_ours_is_logged_and_tells_the_caller_nothing() {
    let world = World::new(&[]);
    let response = Browser::default().get(&world, "/no/such/page");
    assert_eq!(response.status, 404);
    assert!(world.log.0.borrow().is_empty());
}
