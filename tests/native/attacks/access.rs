//! Claims that an app may not see, access that it may not keep, and grants that it may not push out.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::Method;

use crate::grant_properties::VERIFIER;
use crate::support::World;
use crate::support::browser::{Browser, answer, csrf, json as body, text};

pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "https://app.example.test/callback";
pub const PASSWORD: &str = "a long enough passphrase";

pub fn register(world: &World, metadata: &Value) -> String {
    let headers = [("content-type", "application/json")];
    let response = Browser::default().request(
        world,
        Method::Post,
        "/register",
        metadata.to_string(),
        &headers,
    );
    assert_eq!(response.status, 201, "{}", text(&response));
    body(&response)["client_id"].as_str().unwrap().to_owned()
}

pub fn app(world: &World, scope: &str, first_party: bool) -> String {
    let metadata = json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "scope": scope,
        "first_party": first_party, "client_name": "Test App" });
    register(world, &metadata)
}

pub fn authorize_url(client_id: &str, more: &str) -> String {
    format!(
        "/authorize?response_type=code&client_id={client_id}&state=s&redirect_uri={CALLBACK}\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

pub fn signed_up(world: &World, email: &str) -> Browser {
    let mut browser = Browser::default();
    let response = browser.submit(world, "/sign-up", &[("email", email), ("password", PASSWORD)]);
    assert_eq!(response.status, 303, "{}", text(&response));
    browser
}

/// Authorizes an app, allows everything on the consent page, and redeems the code.
pub fn tokens(world: &World, browser: &mut Browser, client_id: &str, more: &str) -> Value {
    let mut response = browser.get(world, &authorize_url(client_id, more));
    let location = response.header("location").unwrap_or_default().to_owned();
    if location.contains("/consent") {
        response = browser.submit(world, &location, &[("decision", "allow")]);
    }
    let code = answer(&response, "code").unwrap_or_else(|| panic!("{}", text(&response)));
    redeem(world, client_id, &code)
}

pub fn redeem(world: &World, client_id: &str, code: &str) -> Value {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    body(&Browser::default().post(world, "/token", &fields))
}

pub fn refresh(world: &World, client_id: &str, tokens: &Value) -> Value {
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields =
        [("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)];
    body(&Browser::default().post(world, "/token", &fields))
}

pub fn userinfo(world: &World, tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    let response = Browser::default().post(world, "/userinfo", &[("access_token", token)]);
    if response.body.is_empty() { Value::Null } else { body(&response) }
}

/// The claims of a JWT.
pub fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}

const CLAIMS: &str = "&scope=openid+profile+offline_access&claims=%7B%22userinfo%22%3A%7B%22email%22\
    %3Anull%2C%22name%22%3Anull%7D%2C%22id_token%22%3A%7B%22email%22%3Anull%7D%7D";

#[test]
fn claims_asked_for_by_name_outlive_the_access_that_was_removed() {
    // A claim requested by the `claims` parameter (OpenID Connect Core §5.5) needs its scope
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let app = app(&world, "openid profile email offline_access", false);
    let issued = tokens(&world, &mut browser, &app, CLAIMS);
    assert_eq!(userinfo(&world, &issued)["email"], "person@example.test");
    assert_eq!(claims(&issued["id_token"])["email"], "person@example.test");
    // The account page shows the claim as the scope that contains it, and removes it as that scope.
    let page = text(&browser.get(&world, "/account"));
    assert!(page.contains("name=\"scope\" value=\"email\""), "{page}");
    let csrf = csrf(&world, &mut browser);
    let fields = [("csrf", csrf.as_str()), ("client_id", &app), ("scope", "email")];
    assert_eq!(browser.post(&world, "/account/apps", &fields).status, 303);
    assert_eq!(userinfo(&world, &issued)["email"], Value::Null);
    let refreshed = refresh(&world, &app, &issued);
    assert_eq!(userinfo(&world, &refreshed)["email"], Value::Null);
    assert_eq!(claims(&refreshed["id_token"])["email"], Value::Null);
    // The other scopes stay.
    let page = text(&browser.get(&world, "/account"));
    assert!(page.contains("name=\"scope\" value=\"profile\""), "{page}");
}

#[test]
fn claims_asked_for_by_name_bring_back_an_optional_scope_that_was_left_out() {
    let resources = json!([{ "resource": "https://api.example.test", "scopes":
        { "email": { "words": "See your address", "optional": true } } }]);
    let world = World::new(&[("RESOURCES", &resources.to_string())]);
    let mut browser = signed_up(&world, "person@example.test");
    let app = app(&world, "openid profile email offline_access", false);
    let response = browser.get(&world, &authorize_url(&app, CLAIMS));
    let consent = response.header("location").unwrap().to_owned();
    // The user leaves the box of the optional scope unticked.
    let allowed = browser.submit(&world, &consent, &[("decision", "allow")]);
    let issued = redeem(&world, &app, &answer(&allowed, "code").unwrap());
    assert_eq!(userinfo(&world, &issued)["email"], Value::Null);
    assert_eq!(claims(&issued["id_token"])["email"], Value::Null);
    // The next request doesn't ask for it again, and still doesn't release it.
    let again = browser.get(&world, &authorize_url(&app, CLAIMS));
    let issued = redeem(&world, &app, &answer(&again, "code").expect("no page"));
    assert_eq!(userinfo(&world, &issued)["email"], Value::Null);
}

#[test]
fn one_app_pushes_out_every_other_apps_grants() {
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let honest = app(&world, "openid offline_access", true);
    let greedy = app(&world, "openid offline_access", true);
    let scope = "&scope=openid+offline_access";
    let issued = tokens(&world, &mut browser, &honest, scope);
    for _ in 0..505 {
        let response =
            browser.get(&world, &authorize_url(&greedy, &format!("{scope}&prompt=none")));
        assert!(answer(&response, "code").is_some());
    }
    assert!(userinfo(&world, &issued)["sub"].is_string());
    assert!(refresh(&world, &honest, &issued)["access_token"].is_string());
}

#[test]
fn codes_that_nobody_redeems_push_out_an_apps_own_grants() {
    // The attack: a page sends the browser to /authorize repeatedly, to end the app's other grants.
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let honest = app(&world, "openid offline_access", true);
    let scope = "&scope=openid+offline_access";
    let issued = tokens(&world, &mut browser, &honest, scope);
    for _ in 0..600 {
        browser.get(&world, &authorize_url(&honest, &format!("{scope}&prompt=none")));
    }
    assert!(refresh(&world, &honest, &issued)["access_token"].is_string());
    // The account's alarm removes those whose codes have expired, a limited number at a time.
    world.advance(7 * 86_400);
    for _ in 0..30 {
        world.advance(60);
    }
    assert_eq!(world.objects.count(Class::Grant), 1);
}

#[test]
fn the_operators_own_app_at_loopback_gets_a_code_without_consent() {
    // Any program on the machine can pose as that app (RFC 8252 §8.6)
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let loopback = "http://127.0.0.1/callback";
    let metadata = json!({ "redirect_uris": [loopback, CALLBACK], "first_party": true,
        "token_endpoint_auth_method": "none" });
    let app = register(&world, &metadata);
    let at = |uri: &str, more: &str| {
        format!(
            "/authorize?response_type=code&client_id={app}&redirect_uri={uri}&scope=openid\
             &code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
        )
    };
    for (url, is_asked) in [
        (at("http://127.0.0.1:4567/callback", ""), true),
        (at("http://127.0.0.1:4567/callback", "&prompt=consent"), true),
        (at(CALLBACK, "&prompt=consent"), true),
        (at(CALLBACK, ""), false),
    ] {
        let response = browser.get(&world, &url);
        let location = response.header("location").unwrap();
        assert_eq!(location.contains("/consent"), is_asked, "{url}: {location}");
    }
    let silent = browser.get(&world, &at("http://127.0.0.1:4567/callback", "&prompt=none"));
    assert_eq!(answer(&silent, "error").as_deref(), Some("consent_required"));
}

#[test]
fn the_operators_own_app_gets_back_by_itself_what_the_user_took_away() {
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let app = app(&world, "openid email offline_access", true);
    let scope = "&scope=openid+email+offline_access";
    let issued = tokens(&world, &mut browser, &app, scope);
    assert_eq!(userinfo(&world, &issued)["email"], "person@example.test");
    let csrf = csrf(&world, &mut browser);
    let fields = [("csrf", csrf.as_str()), ("client_id", &app), ("scope", "email")];
    assert_eq!(browser.post(&world, "/account/apps", &fields).status, 303);
    let issued = tokens(&world, &mut browser, &app, scope);
    assert_eq!(userinfo(&world, &issued)["email"], Value::Null);
    // After the user has removed the app completely, it starts without any access.
    let fields = [("csrf", csrf.as_str()), ("client_id", &app)];
    assert_eq!(browser.post(&world, "/account/apps", &fields).status, 303);
    let issued = tokens(&world, &mut browser, &app, scope);
    assert_eq!(userinfo(&world, &issued)["email"], "person@example.test");
}

#[test]
fn a_cookie_of_a_subdomain_passes_for_the_session() {
    // RFC 6265bis §4.1.3.2: only the host itself can set a cookie whose name begins with `__Host-`. A subdomain can set
    // a cookie whose name has a blank before `__Host-`.
    let world = World::new(&[]);
    let attacker = signed_up(&world, "attacker@example.test");
    let session = &attacker.cookies["__Host-session"];
    let status = |header: String| {
        let headers = [("cookie", header.as_str())];
        let mut victim = Browser::default();
        victim.request(&world, Method::Get, "/account", String::new(), &headers).status
    };
    assert_eq!(
        status(format!("theme=dark;\t __Host-session={session} ")),
        200,
        "a space may be there"
    );
    for blank in ['\u{a0}', '\u{85}', '\u{2003}', '\u{3000}', '\u{c}', '\r'] {
        assert_eq!(status(format!("{blank}__Host-session={session}")), 303, "{blank:?}");
    }
}
