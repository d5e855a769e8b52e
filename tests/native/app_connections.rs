//! Which app gets which tokens of an outside account (mode 5), tested with the whole server in one process.

use std::borrow::Borrow;

use serde_json::{Value, json};
use vestibule::domain::account::MAX_CONNECTIONS;
use vestibule::domain::machine::{Address, Class};
use vestibule::domain::time::Seconds;
use vestibule::endpoints::http::{Method, Response};
use vestibule::tenant::Purpose;

use crate::grant_properties::VERIFIER;
use crate::support::browser::{Browser, answer, hidden_fields, json, text};
use crate::support::provider::{SECRET, TestProvider, callback, parameter, setting};
use crate::support::{START, World, by_name};

const ISSUER: &str = "https://acme.example.com";
const CALLBACK: &str = "https://app.example.test/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A user's browser, and a provider with the `connection_scope` `post read openid`.
pub struct Scene {
    pub world: World,
    pub provider: TestProvider,
    pub browser: Browser,
}

impl Borrow<World> for Scene {
    fn borrow(&self) -> &World {
        &self.world
    }
}

/// A registered app, and its access token.
pub struct App {
    pub client_id: String,
    pub token: String,
}

impl Scene {
    pub fn new() -> Self {
        let more = json!({ "connection_scope": "openid post read" });
        let world = World::new(&[("PROVIDERS", &setting(ISSUER, more)), SECRET]);
        let provider = TestProvider::new(&world, ISSUER);
        let mut browser = Browser::default();
        let fields = [("email", "dana@example.test"), ("password", "a long enough passphrase")];
        assert_eq!(browser.submit(&world, "/sign-up", &fields).status, 303);
        Self { world, provider, browser }
    }

    fn register(&self, name: &str) -> String {
        let client = self.register_with(name, "openid connection:acme");
        client["client_id"].as_str().unwrap_or_else(|| panic!("{client}")).to_owned()
    }

    fn register_with(&self, name: &str, scope: &str) -> Value {
        let body = json!({
            "client_name": name, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
            "scope": scope,
        });
        let headers = [("content-type", "application/json")];
        let mut developer = Browser::default();
        let made =
            developer.request(&self.world, Method::Post, "/register", body.to_string(), &headers);
        json(&made)
    }

    /// The user allows the app these scopes.
    fn allow(&mut self, client_id: &str, scope: &str) -> String {
        let query = vestibule::protocol::parameters::encode([
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let asked = self.browser.get(&self.world, &format!("/authorize?{query}"));
        let consent = asked.header("location").unwrap().to_owned();
        let allowed = match answer(&asked, "code") {
            Some(_) => asked,
            None => self.browser.submit(&self.world, &consent, &[("decision", "allow")]),
        };
        let code = answer(&allowed, "code").unwrap_or_else(|| panic!("{}", text(&allowed)));
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = json(&Browser::default().post(&self.world, "/token", &fields));
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    pub fn app(&mut self, name: &str) -> App {
        let client_id = self.register(name);
        let token = self.allow(&client_id, "openid connection:acme");
        App { client_id, token }
    }

    /// Makes the provider issue these tokens to the next request, regardless of what it requests.
    pub fn issues(&self, access_token: &str, scope: &str) {
        let tokens = json!({
            "access_token": access_token, "scope": scope,
            "refresh_token": format!("refresh {access_token}"),
        });
        self.provider.says.borrow_mut().tokens = tokens;
    }

    /// The user connects an account: in an app (`client_id` and scope), or on the account page.
    fn connect(&mut self, app: Option<(&str, &str)>) -> (String, Response) {
        let (scope, callback) = self.go(app);
        (scope, self.browser.get(&self.world, &callback))
    }

    /// The user goes to the provider and allows the request there. Returns the requested scope, and the URL to which
    /// the provider redirects.
    pub fn go(&mut self, app: Option<(&str, &str)>) -> (String, String) {
        let page = match app {
            None => "/connect/acme".to_owned(),
            Some((client_id, scope)) => {
                let query = [
                    ("client_id", client_id),
                    ("redirect_uri", CALLBACK),
                    ("scope", scope),
                    ("state", "s"),
                ];
                format!("/connect/acme?{}", vestibule::protocol::parameters::encode(query))
            }
        };
        let there = self.browser.submit(&self.world, &page, &[("decision", "connect")]);
        let address = there.header("location").unwrap_or_else(|| panic!("{}", text(&there)));
        let (address, state) = (address.to_owned(), answer(&there, "state").unwrap());
        self.provider.expects(&there);
        let query = [("code", "a code"), ("state", &*state), ("iss", ISSUER)];
        (parameter(&address, "scope").unwrap(), callback(&query))
    }

    /// Connects, and asserts that it succeeds.
    pub fn connected(&mut self, app: Option<(&str, &str)>) {
        let (_, back) = self.connect(app);
        let location = back.header("location").unwrap_or_default();
        assert!(location.contains("connection=acme") || location.ends_with("done=connected"));
    }

    pub fn outside(&self, token: &str) -> (u16, Value) {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let path = "/connections/acme/token";
        let mut app = Browser::default();
        let answer = app.request(&self.world, Method::Get, path, String::new(), &headers);
        (answer.status, json(&answer))
    }

    /// The outside access token that an app gets, or the error.
    pub fn gets(&self, app: &App) -> String {
        let (status, body) = self.outside(&app.token);
        let member = if status == 200 { "access_token" } else { "error" };
        body[member].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    pub fn account_page(&mut self) -> String {
        text(&self.browser.get(&self.world, "/account"))
    }

    /// Submits a form of the account page.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
        let page = self.account_page();
        let csrf = hidden_fields(&page).into_iter().find(|(name, _)| name == "csrf").unwrap().1;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        let done = self.browser.post(&self.world, path, &all);
        assert!(matches!(done.status, 200 | 303), "{}", text(&done));
    }

    /// Whether the provider was asked to revoke the token.
    pub fn is_revoked(&self, token: &str) -> bool {
        let body = vestibule::protocol::parameters::encode([("token", token)]);
        let asked = self.world.internet.asked.borrow();
        asked.iter().any(|request| {
            let sent = request.body.as_deref().unwrap_or_default();
            request.url == format!("{ISSUER}/revoke") && sent.contains(&body)
        })
    }
}

#[test]
fn an_app_never_gets_the_scopes_that_were_approved_for_another_app() {
    // The attack is a confused deputy: one token with the union of the scopes that were approved for all apps.
    let mut scene = Scene::new();
    let (reader, poster) = (scene.app("Reader"), scene.app("Poster"));
    scene.issues("at-read", "read openid");
    scene.connected(Some((&reader.client_id, "read")));
    scene.issues("at-post", "post openid");
    let (asked, _) = scene.connect(Some((&poster.client_id, "post")));
    assert_eq!(asked, "post openid", "nothing that another app has is asked for");
    assert_eq!((scene.gets(&reader), scene.gets(&poster)), ("at-read".into(), "at-post".into()));
    assert_eq!(scene.outside(&reader.token).1["scope"], "read openid");
    let page = scene.account_page();
    assert!(
        page.contains(">for <bdi>Reader</bdi><") && page.contains(">for <bdi>Poster</bdi><"),
        "{page}"
    );
}

#[test]
fn an_app_without_its_own_connection_gets_the_account_wide_one_and_no_other_apps() {
    let mut scene = Scene::new();
    let (own, other) = (scene.app("Own"), scene.app("Other"));
    scene.issues("at-own", "read");
    scene.connected(Some((&own.client_id, "read")));
    let (status, body) = scene.outside(&other.token);
    assert_eq!((status, &body["error"]), (409, &json!("interaction_required")));
    assert!(body["connect_uri"].as_str().unwrap().ends_with("/connect/acme"));
    scene.issues("at-wide", "post read openid");
    scene.connected(None);
    assert_eq!((scene.gets(&own), scene.gets(&other)), ("at-own".into(), "at-wide".into()));
    let page = scene.account_page();
    assert!(
        page.contains(">for every app that you allow<") && page.contains(">for <bdi>Own</bdi><")
    );
}

#[test]
fn a_fresh_token_takes_two_calls_of_storage_whichever_connection_it_is_of() {
    let mut scene = Scene::new();
    let (own, other) = (scene.app("Own"), scene.app("Other"));
    scene.issues("at-own", "read");
    scene.connected(Some((&own.client_id, "read")));
    scene.connected(None);
    for app in [&own, &other] {
        let before = scene.world.objects.calls.get();
        assert_eq!(scene.outside(&app.token).0, 200);
        assert_eq!(scene.world.objects.calls.get() - before, 2);
    }
}

#[test]
fn an_app_whose_own_connection_is_broken_or_disconnected_never_falls_back_to_the_wider_one() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    scene.issues("at-wide", "post read");
    scene.connected(None);
    assert_eq!(scene.gets(&app), "at-wide");
    scene.issues("at-own", "read");
    scene.connected(Some((&app.client_id, "read")));
    // The provider refuses to refresh it.
    scene.world.advance(100);
    scene.provider.says.borrow_mut().tokens = json!({ "error": "invalid_grant" });
    assert_eq!(scene.gets(&app), "interaction_required");
    assert!(scene.account_page().contains("Connect it again in <bdi>App</bdi>"));
    // The app connects again, and the user disconnects it.
    scene.issues("at-again", "read");
    scene.connected(Some((&app.client_id, "read")));
    assert_eq!(scene.gets(&app), "at-again");
    let own = [("provider", "acme"), ("client_id", &*app.client_id)];
    scene.post("/account/connections", &own);
    assert!(scene.is_revoked("refresh at-again"));
    assert_eq!(scene.gets(&app), "interaction_required");
    assert!(!scene.account_page().contains(">for <bdi>App</bdi><"));
    // The new consent allows the account-wide connection, because it says "Use the account that you have connected".
    scene.issues("at-wide-again", "post read");
    scene.post("/account/apps", &[("client_id", &app.client_id)]);
    let token = scene.allow(&app.client_id, "openid connection:acme");
    assert_eq!(scene.gets(&App { token, ..app }), "at-wide-again");
}

#[test]
fn a_provider_that_grants_more_than_was_approved_gets_its_tokens_revoked() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    scene.issues("at-wide", "openid post read profile");
    let (_, back) = scene.connect(Some((&app.client_id, "read")));
    assert_eq!(answer(&back, "error").as_deref(), Some("invalid_scope"));
    assert_eq!(answer(&back, "state").as_deref(), Some("s"));
    assert!(answer(&back, "error_description").unwrap().contains("cannot grant less"));
    assert!(scene.is_revoked("refresh at-wide"));
    assert_eq!(scene.gets(&app), "interaction_required");
    assert_eq!(scene.world.objects.count(Class::Connection), 0);
    // Scopes that nobody can approve here, such as names that the provider adds, don't matter.
    scene.issues("at", "openid read profile https://acme.example.com/auth/read");
    scene.connected(Some((&app.client_id, "read")));
    assert_eq!(scene.gets(&app), "at");
    // If a wider response is refused, the earlier connection stays.
    scene.issues("at-wide", "post read");
    scene.connect(Some((&app.client_id, "read")));
    assert_eq!(scene.gets(&app), "at");
}

#[test]
fn a_scope_that_is_too_long_to_store_is_compared_too() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    let many: Vec<String> = (0..60).map(|number| format!("scope-{number}")).collect();
    scene.issues("at", &format!("{} post", many.join(" ")));
    let (_, back) = scene.connect(Some((&app.client_id, "read")));
    assert_eq!(answer(&back, "error").as_deref(), Some("invalid_scope"));
}

#[test]
fn a_refreshed_token_with_wider_scopes_is_not_returned() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    scene.issues("at", "read");
    scene.connected(Some((&app.client_id, "read")));
    scene.world.advance(100);
    scene.issues("at-wide", "post read");
    let (status, body) = scene.outside(&app.token);
    assert_eq!((status, &body["error"]), (409, &json!("invalid_scope")));
    assert!(body["connect_uri"].is_string());
    assert!(scene.is_revoked("refresh at-wide"));
    assert!(scene.account_page().contains("cannot grant less"));
}

#[test]
fn removing_an_apps_access_or_its_scope_ends_its_connection_and_no_other() {
    for fields in [&[][..], &[("scope", "connection:acme")][..]] {
        let mut scene = Scene::new();
        let (removed, left) = (scene.app("Removed"), scene.app("Left"));
        scene.issues("at-removed", "read");
        scene.connected(Some((&removed.client_id, "read")));
        scene.issues("at-left", "read");
        scene.connected(Some((&left.client_id, "read")));
        scene.issues("at-wide", "post read");
        scene.connected(None);
        let mut form = vec![("client_id", &*removed.client_id)];
        form.extend_from_slice(fields);
        scene.post("/account/apps", &form);
        assert!(scene.is_revoked("refresh at-removed"));
        assert!(!scene.is_revoked("refresh at-left") && !scene.is_revoked("refresh at-wide"));
        assert!(matches!(scene.outside(&removed.token).0, 401 | 403));
        assert_eq!(scene.gets(&left), "at-left");
        let page = scene.account_page();
        assert!(
            !page.contains(">for <bdi>Removed</bdi><") && page.contains(">for <bdi>Left</bdi><")
        );
    }
}

#[test]
fn erasing_the_account_disconnects_every_app() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    scene.issues("at-own", "read");
    scene.connected(Some((&app.client_id, "read")));
    scene.issues("at-wide", "post read");
    scene.connected(None);
    scene.post("/account/delete", &[("current_password", "a long enough passphrase")]);
    assert!(scene.is_revoked("refresh at-own") && scene.is_revoked("refresh at-wide"));
    assert_eq!(scene.world.objects.count(Class::Connection), 0);
}

#[test]
fn another_outside_account_replaces_the_first_and_fewer_scopes_narrow() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    scene.issues("at-both", "post read");
    scene.connected(Some((&app.client_id, "post read")));
    scene.issues("at-read", "read");
    scene.connected(Some((&app.client_id, "read")));
    assert_eq!(scene.outside(&app.token).1["scope"], "read");
    assert!(!scene.is_revoked("refresh at-both"), "the same account there keeps its grant");
    scene.provider.says.borrow_mut().id_token = json!({ "sub": "sam" });
    scene.provider.tells(json!({ "sub": "sam" }));
    scene.issues("at-sam", "read");
    scene.connected(Some((&app.client_id, "read")));
    assert_eq!(scene.gets(&app), "at-sam");
    assert!(scene.is_revoked("refresh at-read"));
    assert_eq!(scene.world.objects.count(Class::Connection), 1);
}

#[test]
fn the_connection_of_an_app_that_was_deleted_can_be_disconnected() {
    let mut scene = Scene::new();
    let app = scene.register_with("App", "openid connection:acme");
    let client_id = app["client_id"].as_str().unwrap();
    scene.issues("at", "read");
    scene.connected(Some((client_id, "read")));
    let bearer = format!("Bearer {}", app["registration_access_token"].as_str().unwrap());
    let uri = app["registration_client_uri"].as_str().unwrap();
    let headers = [("authorization", bearer.as_str())];
    let mut developer = Browser::default();
    let deleted = developer.request(&scene.world, Method::Delete, uri, String::new(), &headers);
    assert_eq!(deleted.status, 204);
    assert!(scene.account_page().contains("for an app that no longer exists"));
    scene.post("/account/connections", &[("provider", "acme"), ("client_id", client_id)]);
    assert!(scene.is_revoked("refresh at"));
    assert!(!scene.account_page().contains("for an app that no longer exists"));
}

#[test]
fn a_scope_with_the_text_of_another_apps_connection_gives_no_connection() {
    let mut scene = Scene::new();
    let victim = scene.app("Victim");
    scene.issues("at", "read");
    scene.connected(Some((&victim.client_id, "read")));
    // Provider and app are named so that together they form the text of the victim's connection.
    let spelt = format!("acme/{}", victim.client_id);
    let thief = scene.register_with("Thief", &format!("openid connection:{spelt}"));
    let thief = thief["client_id"].as_str().unwrap();
    let token = scene.allow(thief, &format!("openid connection:{spelt}"));
    let authorization = format!("Bearer {token}");
    let path = format!("/connections/{spelt}/token");
    let asked = Browser::default().request(
        &scene.world,
        Method::Get,
        &path,
        String::new(),
        &[("authorization", &authorization)],
    );
    assert_eq!(asked.status, 409, "{}", text(&asked));
}

#[test]
fn one_connection_beyond_the_limit_is_refused_and_its_tokens_are_revoked() {
    let mut scene = Scene::new();
    let apps: Vec<String> = (0..=MAX_CONNECTIONS).map(|_| scene.register("App")).collect();
    let (last, kept) = apps.split_last().unwrap();
    for client_id in kept {
        scene.issues("at", "read");
        scene.connected(Some((client_id, "read")));
    }
    scene.issues("at-last", "read");
    let (_, refused) = scene.connect(Some((last, "read")));
    assert_eq!(refused.status, 409);
    assert!(text(&refused).contains("Disconnect one in your account, then try again."));
    assert!(scene.is_revoked("refresh at-last"));
    assert_eq!(scene.world.objects.count(Class::Connection), MAX_CONNECTIONS);
    // An existing one can still be connected again, and disconnecting one makes room for another.
    scene.connected(Some((&kept[0], "read")));
    scene.post("/account/connections", &[("provider", "acme"), ("client_id", &kept[0])]);
    scene.connected(Some((last, "read")));
}

#[test]
fn beyond_the_limit_a_disconnected_app_loses_the_scope_and_still_gets_nothing_wider() {
    let mut scene = Scene::new();
    let apps: Vec<App> = (0..=MAX_CONNECTIONS).map(|_| scene.app("App")).collect();
    for App { client_id, .. } in &apps {
        scene.issues("at", "read");
        scene.connected(Some((client_id, "read")));
        scene.post("/account/connections", &[("provider", "acme"), ("client_id", client_id)]);
    }
    scene.issues("at-wide", "post read");
    scene.connected(None);
    let (last, others) = apps.split_last().unwrap();
    assert_eq!(scene.gets(last), "insufficient_scope");
    assert!(others.iter().all(|app| scene.gets(app) == "interaction_required"));
}

#[test]
fn a_connection_stored_before_connections_belonged_to_apps_is_the_account_wide_one() {
    let mut scene = Scene::new();
    let app = scene.app("App");
    let cookie = &scene.browser.cookies["__Host-session"];
    let session = vestibule::domain::token::TokenKind::Session;
    let session = vestibule::domain::token::Token::decode(session, cookie).unwrap();
    let account = session.object.as_str();
    let seal = |token: &str| {
        let purpose = Purpose::Connection(account);
        scene.world.settings.sealer.seal(purpose, token.as_bytes(), [1; 24]).unwrap()
    };
    // The rows and the state in the format of the previous version.
    let state = json!({ "Live": {
        "parties": { "account": account, "provider": "acme", "subject": "dana", "label": "Dana" },
        "scope": "read", "access_token": seal("at-old"), "refresh_token": seal("refresh at-old"),
        "expires_at": START.plus(Seconds(60)), "refresh_at": START.plus(Seconds(54)),
        "unanswered": 0, "not_before": null,
    } });
    let name = by_name(&format!("{account}/acme"));
    scene.world.objects.store_state(Class::Connection, &name, &state.to_string());
    let row = format!(r#"{{"Connection":{}}}"#, START.0);
    let id = Address::Id(account.to_owned());
    scene.world.objects.store_row(Class::Account, &id, ("connection/acme", &row));
    assert_eq!(scene.gets(&app), "at-old");
    assert!(scene.account_page().contains(">for every app that you allow<"));
    // It is refreshed without a comparison, because what was approved for it isn't stored.
    scene.world.advance(100);
    scene.issues("at-new", "post read");
    assert_eq!(scene.gets(&app), "at-new");
    scene.post("/account/connections", &[("provider", "acme")]);
    assert!(scene.is_revoked("refresh at-new"));
    assert_eq!(scene.gets(&app), "interaction_required");
}

/// Starts a connection with a preset. Returns the status, and the URL of the redirect.
fn begins(preset: &str, connection_scope: &str, scope: &str) -> (u16, String) {
    let table = json!([{
        "id": "acme", "client_id": "here", "preset": preset, "connection_scope": connection_scope,
    }]);
    let world = World::new(&[("PROVIDERS", &table.to_string()), SECRET]);
    TestProvider::new(&world, "https://accounts.google.com");
    let provider = TestProvider::new(&world, ISSUER);
    let mut scene = Scene { world, provider, browser: Browser::default() };
    let fields = [("email", "dana@example.test"), ("password", "a long enough passphrase")];
    scene.browser.submit(&scene.world, "/sign-up", &fields);
    let client_id = scene.register("App");
    let query = [("client_id", &*client_id), ("redirect_uri", CALLBACK), ("scope", scope)];
    let page = format!("/connect/acme?{}", vestibule::protocol::parameters::encode(query));
    let shown = scene.browser.get(&scene.world, &page).status;
    if shown != 200 {
        return (shown, String::new());
    }
    let there = scene.browser.submit(&scene.world, &page, &[("decision", "connect")]);
    (shown, there.header("location").unwrap_or_default().to_owned())
}

#[test]
fn a_preset_asks_no_provider_for_what_was_granted_before() {
    let (_, address) = begins("google", "calendar mail", "mail");
    assert_eq!(parameter(&address, "access_type").as_deref(), Some("offline"));
    assert_eq!(parameter(&address, "include_granted_scopes"), None);
    assert_eq!(parameter(&address, "scope").as_deref(), Some("mail openid"));
}

#[test]
fn a_provider_that_cannot_grant_less_than_everything_says_so_before_anything_is_approved() {
    assert_eq!(begins("facebook", "user_posts user_photos", "user_posts").0, 400);
    let (status, address) = begins("facebook", "user_posts user_photos", "user_photos user_posts");
    assert_eq!(status, 200);
    assert_eq!(parameter(&address, "scope").as_deref(), Some("user_photos user_posts"));
}
