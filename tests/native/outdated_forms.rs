//! Forms that were made for another user, or that became out of date by time or in another tab.

use serde_json::{Value, json};
use vestibule::endpoints::http::{Method, Response};
use vestibule::protocol::parameters;

use crate::attacks::access::{CALLBACK, PASSWORD, app, authorize_url, redeem, register, signed_up};
use crate::support::World;
use crate::support::browser::{Browser, answer, csrf, field, hidden_fields, json as body, text};
use crate::support::provider::{SECRET, TestProvider, callback, setting};

const A: &str = "a@example.test";
const B: &str = "b@example.test";
const SESSION: &str = "__Host-session";
const TYPED: &str = "What A has typed";
const ISSUER: &str = "https://acme.example.com";

pub fn world() -> (World, TestProvider) {
    let acme = json!({ "connection_scope": "calendar.read" });
    let providers = setting(ISSUER, acme);
    let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    (world, provider)
}

/// The user of `other` signs in, in another tab of `browser`.
fn switch(browser: &mut Browser, other: &Browser) {
    browser.cookies.insert(SESSION.to_owned(), other.cookies[SESSION].clone());
}

fn device(world: &World) -> (String, String) {
    let client_id = register(
        world,
        &json!({ "redirect_uris": [], "response_types": [], "client_name": "Test TV",
            "token_endpoint_auth_method": "none",
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"] }),
    );
    let fields = [("client_id", client_id.as_str()), ("scope", "openid")];
    let asked = body(&Browser::default().post(world, "/device_authorization", &fields));
    let code = |name: &str| asked[name].as_str().unwrap().to_owned();
    (code("user_code"), code("device_code"))
}

/// Sends the form of a page that was opened earlier.
fn send(
    world: &World,
    browser: &mut Browser,
    (page, path): (&str, &str),
    fields: &[(&str, &str)],
) -> Response {
    let hidden = hidden_fields(page);
    let mut all: Vec<(&str, &str)> = Vec::new();
    for name in ["csrf", "flow", "user_code"] {
        all.extend(hidden.iter().find(|(n, _)| n == name).map(|(_, v)| (name, v.as_str())));
    }
    all.extend_from_slice(fields);
    browser.post(world, path, &all)
}

#[test]
fn a_consent_page_that_one_user_was_shown_never_counts_for_another() {
    // OpenID Connect Core §3.1.2.4: A is asked, B signs in in another tab, A's tab says "Allow"
    let (world, _) = world();
    let client_id = app(&world, "openid profile offline_access", false);
    let mut browser = signed_up(&world, A);
    let other = signed_up(&world, B);
    let asked = browser.get(&world, &authorize_url(&client_id, "&scope=openid+profile"));
    let consent = text(&browser.get(&world, asked.header("location").unwrap()));
    assert!(consent.contains(A));
    switch(&mut browser, &other);
    let allow = [("decision", "allow")];
    let again = send(&world, &mut browser, (&consent, "/consent"), &allow);
    assert_eq!(again.status, 409, "no consent is given");
    let page = text(&again);
    assert!(page.contains(B) && page.contains("signed in with another account"), "{page}");
    // B is asked now, and may decide.
    let allowed = send(&world, &mut browser, (&page, "/consent"), &allow);
    let code = answer(&allowed, "code").expect("B has allowed it");
    let tokens = redeem(&world, &client_id, &code);
    assert!(tokens["access_token"].is_string(), "{tokens}");
}

#[test]
fn a_denial_by_another_user_is_not_sent_to_the_app() {
    let (world, _) = world();
    let client_id = app(&world, "openid", false);
    let mut browser = signed_up(&world, A);
    let other = signed_up(&world, B);
    let asked = browser.get(&world, &authorize_url(&client_id, "&scope=openid"));
    let consent = text(&browser.get(&world, asked.header("location").unwrap()));
    switch(&mut browser, &other);
    let denied = send(&world, &mut browser, (&consent, "/consent"), &[("decision", "deny")]);
    assert_eq!(denied.status, 409);
}

/// The page, the path of its form, and the fields.
type Form<'a> = (String, &'static str, Vec<(&'static str, &'a str)>);

/// Pages with forms that decide or change something for the user who is signed in.
fn forms<'a>((app, user_code): (&'a str, &'a str)) -> Vec<Form<'a>> {
    let account = || "/account".to_owned();
    let select = authorize_url(app, "&scope=openid&prompt=select_account");
    vec![
        (account(), "/account/profile", vec![("name", TYPED), ("nickname", "n")]),
        (
            account(),
            "/account/password",
            vec![("current_password", PASSWORD), ("new_password", TYPED)],
        ),
        (account(), "/account/sessions", vec![("session", "1")]),
        (account(), "/account/apps", vec![("client_id", app)]),
        (account(), "/account/connections", vec![("provider", "acme")]),
        (account(), "/account/identities", vec![("link", "acme"), ("current_password", PASSWORD)]),
        (account(), "/sign-out", vec![]),
        ("/account/delete".to_owned(), "/account/delete", vec![("current_password", PASSWORD)]),
        ("/connect/acme".to_owned(), "/connect/acme", vec![("decision", "connect")]),
        (
            "/developers".to_owned(),
            "/developers",
            vec![("name", TYPED), ("redirect_uris", "https://a.test/")],
        ),
        ("/end_session".to_owned(), "/end_session", vec![]),
        (select, "/select-account", vec![]),
        (format!("/device?user_code={user_code}"), "/device/decide", vec![("decision", "allow")]),
    ]
}

pub fn open(world: &World, browser: &mut Browser, page: &str) -> String {
    let response = browser.get(world, page);
    match response.header("location") {
        Some(location) => text(&browser.get(world, location)),
        None => text(&response),
    }
}

#[test]
fn no_form_that_was_made_for_one_user_changes_anything_for_another() {
    let (world, _) = world();
    let client_id = app(&world, "openid", false);
    let (user_code, _) = device(&world);
    let other = signed_up(&world, B);
    for (page, path, fields) in forms((&client_id, &user_code)) {
        let email = format!("a{}@example.test", path.replace('/', "-"));
        let mut browser = signed_up(&world, &email);
        let drawn = open(&world, &mut browser, &page);
        assert!(field(&drawn, "csrf").is_some(), "{page}: {drawn}");
        switch(&mut browser, &other);
        let before = world.objects.stored();
        let again = send(&world, &mut browser, (&drawn, path), &fields);
        assert_eq!(again.status, 409, "{path}: {}", text(&again));
        assert!(text(&again).contains("signed in with another account"), "{path}");
        assert!(!text(&again).contains(TYPED), "{path}: what A typed is not shown to B");
        assert_eq!(world.objects.stored(), before, "{path}: something was written");
    }
}

#[test]
fn a_form_without_a_valid_seal_changes_nothing() {
    // The attack is cross-site request forgery with a browser that sends neither Origin nor Sec-Fetch-Site.
    let (world, _) = world();
    let client_id = app(&world, "openid", false);
    let (user_code, _) = device(&world);
    let mut browser = signed_up(&world, A);
    let token = browser.cookies["__Host-csrf"].clone();
    for (page, path, fields) in forms((&client_id, &user_code)) {
        let drawn = open(&world, &mut browser, &page);
        for forged in [None, Some("x"), Some(token.as_str())] {
            let mut sent = fields.clone();
            let flow = field(&drawn, "flow");
            sent.extend(flow.as_deref().map(|flow| ("flow", flow)));
            sent.push(("user_code", &user_code));
            sent.extend(forged.map(|csrf| ("csrf", csrf)));
            let before = world.objects.stored();
            let answer = browser.post(&world, path, &sent);
            let shown = text(&answer);
            assert!(matches!(answer.status, 200 | 409), "{path}: {} {shown}", answer.status);
            assert!(!shown.contains(TYPED), "{path}: a stranger's text is shown");
            assert_eq!(world.objects.stored(), before, "{path}: something was written");
        }
    }
}

#[test]
fn a_form_of_an_earlier_session_of_the_same_user_comes_back_with_what_was_typed() {
    let (world, _) = world();
    let mut browser = signed_up(&world, A);
    let drawn = text(&browser.get(&world, "/account"));
    browser.submit(&world, "/sign-in", &[("email", A), ("password", PASSWORD)]);
    let fields = [("name", TYPED), ("current_password", PASSWORD)];
    let again = send(&world, &mut browser, (&drawn, "/account/profile"), &fields);
    assert_eq!(again.status, 409);
    let page = text(&again);
    assert!(page.contains(TYPED) && !page.contains(PASSWORD), "{page}");
    let saved = send(&world, &mut browser, (&page, "/account/profile"), &[("name", TYPED)]);
    assert_eq!(saved.status, 303);
}

#[test]
fn unticked_scopes_stay_unticked_when_the_consent_page_is_shown_again() {
    let resources = json!([{ "resource": "https://api.example.test", "scopes":
        { "photos": { "words": "See your photos", "optional": true },
          "films": { "words": "See your films", "optional": true } } }]);
    let world = World::new(&[("RESOURCES", &resources.to_string())]);
    let client_id = app(&world, "openid photos films", false);
    let mut browser = signed_up(&world, A);
    let asked = browser.get(&world, &authorize_url(&client_id, "&scope=openid+photos+films"));
    let consent = text(&browser.get(&world, asked.header("location").unwrap()));
    browser.submit(&world, "/sign-in", &[("email", A), ("password", PASSWORD)]);
    let fields = [("decision", "allow"), ("allow:photos", "yes")];
    let page = text(&send(&world, &mut browser, (&consent, "/consent"), &fields));
    assert!(page.contains("name=\"allow:photos\" value=\"yes\" checked"), "{page}");
    assert!(page.contains("name=\"allow:films\" value=\"yes\">"), "{page}");
}

#[test]
fn the_first_of_two_restored_tabs_keeps_what_was_typed() {
    // Both tabs were opened without a cookie, so each got its own token, and only the later cookie is valid.
    let (world, _) = world();
    for (path, typed) in [("/sign-in", vec![A]), ("/sign-up", vec!["new@example.test", "Dana"])] {
        if path == "/sign-in" {
            signed_up(&world, A);
        }
        let mut browser = Browser::default();
        let first = text(&browser.get(&world, path));
        browser.cookies.clear();
        browser.get(&world, path);
        let mut fields = vec![("email", typed[0]), ("password", PASSWORD)];
        fields.extend(typed.get(1).map(|name| ("name", *name)));
        let again = send(&world, &mut browser, (&first, path), &fields);
        assert_eq!(again.status, 409, "{path}");
        let page = text(&again);
        assert!(page.contains("This page had expired"), "{page}");
        for typed in typed {
            assert!(page.contains(typed), "{path}: {typed} is lost");
        }
        assert!(!page.contains(PASSWORD));
        let done = send(&world, &mut browser, (&page, path), &fields);
        assert_eq!(done.header("location"), Some("http://localhost:8787/account"), "{path}");
    }
}

#[test]
fn a_user_code_that_was_typed_on_an_outdated_page_is_kept() {
    let (world, _) = world();
    let (user_code, _) = device(&world);
    let mut browser = Browser::default();
    let first = text(&browser.get(&world, "/device"));
    browser.cookies.clear();
    browser.get(&world, "/device");
    let again = send(&world, &mut browser, (&first, "/device"), &[("user_code", &user_code)]);
    assert_eq!(again.status, 409);
    assert!(text(&again).contains(&format!("value=\"{user_code}\"")), "{}", text(&again));
}

#[test]
fn a_form_that_another_site_sends_is_refused_with_a_message() {
    let (world, _) = world();
    let mut browser = signed_up(&world, A);
    let token = csrf(&world, &mut browser);
    let sent = parameters::encode([("csrf", token.as_str()), ("name", TYPED)]);
    for header in [("origin", "https://evil.example.test"), ("sec-fetch-site", "cross-site")] {
        let headers = [("content-type", "application/x-www-form-urlencoded"), header];
        let path = "/account/profile";
        let answer = browser.request(&world, Method::Post, path, sent.clone(), &headers);
        assert_eq!(answer.status, 403);
        assert!(text(&answer).contains("href=\"http://localhost:8787/account\""));
    }
}

#[test]
fn a_browser_without_cookies_gets_a_message_about_them() {
    let (world, _) = world();
    let mut browser = Browser::default();
    let page = text(&browser.get(&world, "/sign-in"));
    browser.cookies.clear();
    let fields = [("email", A), ("password", PASSWORD)];
    let again = send(&world, &mut browser, (&page, "/sign-in"), &fields);
    assert_eq!(again.status, 409);
    assert!(text(&again).contains("allow cookies for this site"), "{}", text(&again));
}

#[test]
fn another_site_cannot_fill_a_form_that_is_shown_again() {
    // The attack is a form on a sibling domain, sent with `Origin: null`.
    let (world, _) = world();
    let typed = [("email", "mallory@evil.test"), ("name", TYPED), ("password", PASSWORD)];
    let sent = parameters::encode(typed);
    for path in ["/sign-in", "/sign-up"] {
        for origin in [None, Some(("origin", "null"))] {
            let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
            headers.extend(origin);
            let mut browser = Browser::default();
            browser.get(&world, path);
            let again = browser.request(&world, Method::Post, path, sent.clone(), &headers);
            assert_eq!(again.status, 409);
            let page = text(&again);
            assert!(!page.contains("mallory") && !page.contains(TYPED), "{page}");
        }
    }
}

fn put(world: &World, client: &Value, metadata: &Value) {
    let mut sent = metadata.clone();
    sent["client_id"] = client["client_id"].clone();
    let bearer = format!("Bearer {}", client["registration_access_token"].as_str().unwrap());
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let path = client["registration_client_uri"].as_str().unwrap();
    let done = Browser::default().request(world, Method::Put, path, sent.to_string(), &headers);
    assert_eq!(done.status, 200, "{}", text(&done));
}

#[test]
fn a_request_that_starts_over_is_checked_like_a_new_one() {
    // The attack is an app that keeps a request for everything that it may request today.
    let world = World::new(&[]);
    let metadata = |method: &str, scope: &str| {
        json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": method,
            "scope": scope, "client_name": "Test App", "require_pkce": false })
    };
    let claims = "&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D";
    for (before, after, asks, expected) in [
        // It must use PKCE now, and had none.
        (("client_secret_basic", "openid"), ("none", "openid"), "", 400),
        // The claim that it may no longer have is left out, as in a new request.
        (("client_secret_basic", "openid email"), ("client_secret_basic", "openid"), claims, 303),
    ] {
        let headers = [("content-type", "application/json")];
        let sent = metadata(before.0, before.1).to_string();
        let client = Browser::default().request(&world, Method::Post, "/register", sent, &headers);
        let client = body(&client);
        let client_id = client["client_id"].as_str().unwrap();
        let url = format!(
            "/authorize?response_type=code&client_id={client_id}&redirect_uri={CALLBACK}\
             &scope=openid&nonce=n{asks}"
        );
        let page = text(&Browser::default().get(&world, &url));
        let flow = field(&page, "flow").unwrap();
        let mut metadata = metadata(after.0, after.1);
        metadata.as_object_mut().unwrap().remove("require_pkce");
        if after.0 != "none" {
            metadata["require_pkce"] = false.into();
        }
        put(&world, &client, &metadata);
        for wait in [0, 7200] {
            world.advance(wait);
            let email = format!("p{wait}-{client_id}@example.test");
            let mut browser = signed_up(&world, &email);
            let way = format!("/sign-in?{}", parameters::encode([("flow", flow.as_str())]));
            let fields = [("email", email.as_str()), ("password", PASSWORD)];
            let answer = browser.submit(&world, &way, &fields);
            let shown = text(&answer);
            assert_eq!(answer.status, expected, "{after:?} after {wait} seconds: {shown}");
            if let Some(consent) = answer.header("location") {
                let asked = text(&browser.get(&world, consent));
                assert!(!asked.contains("See your email address"), "{asked}");
            }
        }
    }
}

#[test]
fn an_app_connects_no_more_than_the_operator_offers_now() {
    let providers = |scope: &str| setting(ISSUER, json!({ "connection_scope": scope }));
    let mut world = World::new(&[("PROVIDERS", providers("post read").as_str()), SECRET]);
    let client_id = app(&world, "openid", false);
    let url = format!(
        "/connect/acme?client_id={client_id}&redirect_uri={CALLBACK}&scope=post+read&state=s"
    );
    let there = Browser::default().get(&world, &url);
    let flow = answer(&there, "flow").unwrap();
    world.settings = World::new(&[("PROVIDERS", providers("read").as_str()), SECRET]).settings;
    let mut browser = signed_up(&world, A);
    let way = format!("/connect/acme?{}", parameters::encode([("flow", flow.as_str())]));
    assert_eq!(browser.get(&world, &way).status, 404);
}

#[test]
fn a_denial_is_not_sent_to_a_redirect_uri_that_was_removed() {
    let world = World::new(&[]);
    let headers = [("content-type", "application/json")];
    let metadata = |uri: &str| {
        json!({ "redirect_uris": [uri], "token_endpoint_auth_method": "none",
            "scope": "openid", "client_name": "Test App" })
    };
    let sent = metadata(CALLBACK).to_string();
    let client = Browser::default().request(&world, Method::Post, "/register", sent, &headers);
    let client = body(&client);
    let mut browser = signed_up(&world, A);
    let url = authorize_url(client["client_id"].as_str().unwrap(), "&scope=openid");
    let consent = open(&world, &mut browser, &url);
    put(&world, &client, &metadata("https://app.example.test/other"));
    let denied = send(&world, &mut browser, (&consent, "/consent"), &[("decision", "deny")]);
    assert_eq!(denied.status, 400, "{denied:?}");
}

#[test]
fn a_device_gets_no_more_than_its_client_may_have_when_it_is_approved() {
    let world = World::new(&[]);
    let metadata = |scope: &str| {
        json!({ "redirect_uris": [], "response_types": [], "client_name": "Test TV",
            "token_endpoint_auth_method": "none", "scope": scope,
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"] })
    };
    let headers = [("content-type", "application/json")];
    let sent = metadata("openid email").to_string();
    let client = Browser::default().request(&world, Method::Post, "/register", sent, &headers);
    let client = body(&client);
    let fields = [("client_id", client["client_id"].as_str().unwrap()), ("scope", "openid email")];
    let asked = body(&Browser::default().post(&world, "/device_authorization", &fields));
    put(&world, &client, &metadata("openid"));
    let mut browser = signed_up(&world, A);
    let page = format!("/device?user_code={}", asked["user_code"].as_str().unwrap());
    let page = open(&world, &mut browser, &page);
    assert!(!page.contains("See your email address"), "{page}");
    let allow = [("decision", "allow")];
    assert_eq!(send(&world, &mut browser, (&page, "/device/decide"), &allow).status, 200);
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", client["client_id"].as_str().unwrap()),
        ("device_code", asked["device_code"].as_str().unwrap()),
    ];
    assert_eq!(body(&Browser::default().post(&world, "/token", &poll))["scope"], "openid");
}

#[test]
fn an_app_whose_redirect_uri_was_removed_connects_nothing_and_is_sent_nothing() {
    let (world, provider) = world();
    let metadata = |uri: &str| {
        json!({ "redirect_uris": [uri], "token_endpoint_auth_method": "none",
            "scope": "openid", "client_name": "Test App" })
    };
    let headers = [("content-type", "application/json")];
    let sent = metadata(CALLBACK).to_string();
    let client = Browser::default().request(&world, Method::Post, "/register", sent, &headers);
    let client = body(&client);
    let mut browser = signed_up(&world, A);
    let url = format!(
        "/connect/acme?client_id={}&redirect_uri={CALLBACK}&scope=calendar.read&state=s",
        client["client_id"].as_str().unwrap()
    );
    for denies in [true, false] {
        put(&world, &client, &metadata(CALLBACK));
        let page = open(&world, &mut browser, &url);
        let connect = [("decision", "connect")];
        let there = send(&world, &mut browser, (&page, "/connect/acme"), &connect);
        provider.expects(&there);
        let state = answer(&there, "state").unwrap();
        put(&world, &client, &metadata("https://app.example.test/other"));
        let told = if denies { ("error", "access_denied") } else { ("code", "a code") };
        let query = [told, ("state", &*state), ("iss", ISSUER)];
        let back = browser.get(&world, &callback(&query));
        assert_eq!(back.status, 400, "{back:?}");
    }
    assert!(!text(&browser.get(&world, "/account")).contains("Disconnect"));
}
