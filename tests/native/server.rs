//! The whole server in process, for tests that must move the clock or count calls.

use serde_json::Value;
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::{Method, Response};

use crate::grant_properties::VERIFIER;
use crate::support::World;
use crate::support::browser::{Browser, answer, field, hidden_fields, json, text};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://app.example.test/callback";
const PASSWORD: &str = "a long enough passphrase";

fn register(world: &World, metadata: &str) -> Value {
    let body = metadata.to_owned();
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
    // The isolate has cached the keys; the first request of a deployment creates them.
    browser.get(&world, "/jwks");
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
fn a_code_is_valid_for_a_minute() {
    let world = World::new(&[]);
    let client = app(&world, FIRST_PARTY);
    let mut browser = signed_up(&world);
    let issued = code(&world, &mut browser, &client, "");
    world.advance(61);
    assert_eq!(json(&redeem(&world, &client, &issued))["error"], "invalid_grant");
    assert_eq!(world.objects.count(Class::Grant), 1);
    world.advance(7 * 86_400);
    assert_eq!(world.objects.count(Class::Grant), 0, "the account's alarm removes it");
}

#[test]
fn a_code_is_sealed_and_one_that_was_changed_is_refused_before_any_lookup() {
    let world = World::new(&[]);
    let client = app(&world, FIRST_PARTY);
    let mut browser = signed_up(&world);
    let issued = code(&world, &mut browser, &client, "");
    assert!(issued.starts_with("vac_"), "secret scanners know it by its prefix");
    assert!(issued.len() < 1200, "{} bytes must fit every address", issued.len());
    let calls = world.objects.calls.get();
    for at in [4, issued.len() / 2, issued.len() - 1] {
        let mut changed: Vec<char> = issued.chars().collect();
        changed[at] = if changed[at] == 'A' { 'B' } else { 'A' };
        let answer = redeem(&world, &client, &changed.into_iter().collect::<String>());
        assert_eq!(json(&answer)["error"], "invalid_grant");
    }
    assert_eq!(world.objects.calls.get(), calls);
    assert_eq!(redeem(&world, &client, &issued).status, 200);
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

/// The sealed interaction in the form of a page.
fn flow_of(html: &str) -> String {
    let fields = hidden_fields(html);
    fields.into_iter().find(|(name, _)| name == "flow").expect("a flow").1
}

#[test]
fn a_page_that_waited_too_long_is_shown_again_with_a_message() {
    let world = World::new(&[]);
    let client = app(&world, FIRST_PARTY);
    signed_up(&world);
    let mut browser = Browser::default();
    let first = text(&browser.get(&world, &authorize_url(&client, "&prompt=login")));
    world.advance(3601);
    let send = |browser: &mut Browser, page: &str| {
        let (flow, csrf) = (flow_of(page), field(page, "csrf").unwrap());
        let fields = [
            ("flow", flow.as_str()),
            ("csrf", &csrf),
            ("email", "person@example.test"),
            ("password", PASSWORD),
        ];
        browser.post(&world, "/sign-in", &fields)
    };
    let again = send(&mut browser, &first);
    assert_eq!(again.status, 409, "nobody is signed in by it");
    let page = text(&again);
    assert!(
        page.contains("This page had expired") && page.contains("person@example.test"),
        "{page}"
    );
    let done = send(&mut browser, &page);
    assert!(answer(&done, "code").is_some(), "{}", text(&done));
}

#[test]
fn a_url_that_waited_too_long_starts_over() {
    let world = World::new(&[]);
    let client = app(&world, "");
    let first = Browser::default().get(&world, &authorize_url(&client, ""));
    let flow = flow_of(&text(&first));
    world.advance(3601);
    let page = Browser::default().get(&world, &format!("/sign-in?flow={flow}"));
    assert_eq!(page.status, 200);
    let forged = Browser::default().get(&world, "/sign-in?flow=x");
    assert_eq!(forged.status, 400);
    assert!(text(&forged).contains("This page has expired"));
}

#[test]
fn a_locked_account_unlocks_after_a_while() {
    let world = World::new(&[]);
    signed_up(&world);
    let try_password = |password: &str| {
        let fields = [("email", "person@example.test"), ("password", password)];
        Browser::default().submit(&world, "/sign-in", &fields).status
    };
    for _ in 0..5 {
        assert_eq!(try_password("wrong wrong wrong"), 422);
    }
    assert_eq!(try_password(PASSWORD), 429, "even the right password waits");
    world.advance(2);
    assert_eq!(try_password(PASSWORD), 303);
    assert_eq!(try_password("wrong wrong wrong"), 422, "a right password starts the count again");
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
fn internal_errors_are_logged_and_reveal_nothing_to_the_caller() {
    let world = World::new(&[]);
    let response = Browser::default().get(&world, "/no/such/page");
    assert_eq!(response.status, 404);
    assert!(world.log.0.borrow().is_empty());
}

#[test]
fn claims_that_are_requested_by_name_need_their_scope_and_consent() {
    // OpenID Connect Core §5.5. Otherwise this would bypass scopes and consent.
    let world = World::new(&[]);
    let narrow = app(&world, r#","scope":"openid offline_access""#);
    let wide = app(&world, r#","scope":"openid offline_access email""#);
    let mut browser = signed_up(&world);
    let asks = "&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D";
    for (client_id, expected) in [(&narrow, false), (&wide, true)] {
        let page = browser.get(&world, &authorize_url(client_id, asks));
        let consent = location(&page).to_owned();
        let shown = text(&browser.get(&world, &consent));
        assert_eq!(shown.contains("See your email address"), expected);
        // If the user allows the request without the claim, a request with it asks again.
        let plain = browser.get(&world, &authorize_url(client_id, ""));
        let plain = location(&plain).to_owned();
        browser.submit(&world, &plain, &[("decision", "allow")]);
        let with_claims = browser.get(&world, &authorize_url(client_id, asks));
        assert_eq!(answer(&with_claims, "code").is_none(), expected);
    }
}

#[test]
fn a_public_client_on_loopback_gets_no_response_without_consent() {
    // RFC 8252 §8.6: any program on the machine can pose as the client.
    let world = World::new(&[]);
    let client = register(
        &world,
        r#"{"redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}"#,
    );
    let client_id = client["client_id"].as_str().unwrap();
    let url = |more| {
        let url = authorize_url(client_id, more);
        url.replace(CALLBACK, "http://127.0.0.1:4711/cb").replace("+offline_access", "")
    };
    let mut browser = signed_up(&world);
    for _ in 0..2 {
        let asked = browser.get(&world, &url(""));
        let page = location(&asked).to_owned();
        assert!(page.contains("/consent?"), "{page}");
        let allowed = browser.submit(&world, &page, &[("decision", "allow")]);
        assert!(answer(&allowed, "code").is_some());
    }
    let silent = browser.get(&world, &url("&prompt=none"));
    assert_eq!(answer(&silent, "error").as_deref(), Some("consent_required"));
}

#[test]
fn a_form_that_another_site_posts_signs_nobody_out() {
    // RP-Initiated Logout §6
    let world = World::new(&[]);
    let mut browser = signed_up(&world);
    // The browser leaves out the Lax cookie, and the response must not remove it.
    let answer = Browser::default().post(&world, "/end_session", &[("state", "s")]);
    assert!(location(&answer).ends_with("/end_session?state=s"));
    assert!(answer.header("set-cookie").is_none());
    let asked = browser.get(&world, "/end_session?state=s");
    assert!(text(&asked).contains("Sign out?"));
}

#[test]
fn showing_a_page_again_does_not_extend_its_request() {
    let world = World::new(&[]);
    let client_id = app(&world, "");
    let mut browser = Browser::default();
    let first = browser.get(&world, &authorize_url(&client_id, ""));
    let mut page = text(&first);
    // Each page seals the interaction again, but its age counts from the start.
    for _ in 0..3 {
        world.advance(1000);
        page = text(&browser.get(&world, &format!("/sign-in?flow={}", flow_of(&page))));
    }
    world.advance(1000);
    let (flow, csrf) = (flow_of(&page), field(&page, "csrf").unwrap());
    let fields = [("flow", flow.as_str()), ("csrf", &csrf), ("email", "x"), ("password", "x")];
    assert_eq!(browser.post(&world, "/sign-in", &fields).status, 409, "it has expired");
}

#[test]
fn a_sign_in_by_another_user_is_reported_to_the_app_and_does_not_loop() {
    // OpenID Connect Core §3.1.2.1
    let world = World::new(&[]);
    let client_id = app(&world, "");
    let mut browser = signed_up(&world);
    let asks = "&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22else%22%7D%7D%7D";
    let page = browser.get(&world, &authorize_url(&client_id, asks));
    let page = location(&page).to_owned();
    let fields = [("email", "person@example.test"), ("password", PASSWORD)];
    let told = browser.submit(&world, &page, &fields);
    assert_eq!(answer(&told, "error").as_deref(), Some("login_required"));
}

#[test]
fn in_production_nothing_is_served_over_plain_http() {
    // RFC 6749 §3.1 and §3.2
    let secret = ("VESTIBULE_SECRET", "a secret of at least 32 characters");
    let world = World::new(&[("ENVIRONMENT", "production"), secret]);
    let mut browser = Browser { origin: "http://id.example.com".into(), ..Browser::default() };
    let page = browser.get(&world, "/sign-in?flow=x");
    assert_eq!(location(&page), "https://id.example.com/sign-in?flow=x");
    assert_eq!(browser.post(&world, "/token", &[("grant_type", "x")]).status, 400);
}

#[test]
fn an_open_registration_creates_no_client_credentials_client() {
    // RFC 7591 §5: its tokens can have any scope for any resource, and no user approves them.
    let secret = ("VESTIBULE_SECRET", "a secret of at least 32 characters");
    let world = World::new(&[("ENVIRONMENT", "production"), secret, ("REGISTRATION", "open")]);
    let body = r#"{"grant_types":["client_credentials"],"scope":"admin"}"#.to_owned();
    let headers = [("content-type", "application/json")];
    let mut browser = Browser { origin: "https://id.example.com".into(), ..Browser::default() };
    let refused = browser.request(&world, Method::Post, "/register", body, &headers);
    assert_eq!(json(&refused)["error"], "invalid_client_metadata");
}

#[test]
fn device_codes_are_limited_per_network() {
    let world = World::new(&[("DEVICE_CODES_PER_HOUR", "2")]);
    let device = register(
        &world,
        r#"{"token_endpoint_auth_method":"none","redirect_uris":[],"response_types":[],
        "grant_types":["urn:ietf:params:oauth:grant-type:device_code"]}"#,
    );
    let client_id = device["client_id"].as_str().unwrap().to_owned();
    let ask =
        || Browser::default().post(&world, "/device_authorization", &[("client_id", &client_id)]);
    assert_eq!((ask().status, ask().status, ask().status), (200, 200, 503));
}
