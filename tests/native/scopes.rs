//! Scopes that a user sees in words, declines and removes (mode 6).

use futures_lite::future::block_on;
use vestibule::domain::verification::VerifiedClient;
use vestibule::endpoints::http::{Method, Response};
use vestibule::ports::ClientRegistry;
use vestibule::protocol::resource;

use crate::grant_properties::VERIFIER;
use crate::support::World;
use crate::support::browser::{Browser, answer, csrf, json, text};

const CALLBACK: &str = "https://app.example.test/callback";
const SECRET: &str = "a secret of the deployment for the tests, long enough";
const RESOURCES: &str = r#"[{"resource":"https://photos.test/","name":"Your photos","scopes":{
    "photos.read":"See your photos",
    "photos.write":{"words":"Add photos and change them","optional":true}}}]"#;

struct App {
    world: World,
    browser: Browser,
    client_id: String,
}

impl App {
    fn new() -> Self {
        let world = World::new(&[("RESOURCES", RESOURCES)]);
        let metadata = format!(
            r#"{{"redirect_uris":["{CALLBACK}"],"token_endpoint_auth_method":"none",
            "grant_types":["authorization_code","refresh_token"],
            "scope":"openid photos.read photos.write"}}"#
        );
        let mut browser = Browser::default();
        let headers = [("content-type", "application/json")];
        let method = Method::Post;
        let client = browser.request(&world, method, "/register", metadata, &headers);
        let client_id = json(&client)["client_id"].as_str().unwrap().to_owned();
        let person = [("email", "p@example.test"), ("password", "a long enough passphrase")];
        browser.submit(&world, "/sign-up", &person);
        Self { world, browser, client_id }
    }

    fn ask(&mut self, more: &str) -> Response {
        let url = format!(
            "/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}\
             &scope=openid+photos.read+photos.write&resource=https://photos.test/\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
             &code_challenge_method=S256{more}",
            self.client_id
        );
        self.browser.get(&self.world, &url)
    }

    fn allow(&mut self, page: &str, ticked: &[(&str, &str)]) -> Response {
        let mut fields = vec![("decision", "allow")];
        fields.extend_from_slice(ticked);
        self.browser.submit(&self.world, page, &fields)
    }

    fn tokens(&mut self, answered: &Response) -> serde_json::Value {
        let code = answer(answered, "code").expect("a code");
        let client_id = self.client_id.clone();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id.as_str()),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        json(&self.browser.post(&self.world, "/token", &fields))
    }

    fn refresh(&mut self, token: &str) -> serde_json::Value {
        let client_id = self.client_id.clone();
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id.as_str()),
            ("refresh_token", token),
        ];
        json(&self.browser.post(&self.world, "/token", &fields))
    }
}

fn page(response: &Response) -> String {
    response.header("location").expect("a redirect").to_owned()
}

#[test]
fn the_page_uses_the_operators_words_and_shows_which_scopes_are_optional() {
    let mut app = App::new();
    let asked = page(&app.ask(""));
    let html = text(&app.browser.get(&app.world, &asked));
    assert!(html.contains("<li>See your photos</li>"), "{html}");
    assert!(html.contains("name=\"allow:photos.write\" value=\"yes\" checked"));
    assert!(html.contains("<li>Your photos</li>"));
    assert!(html.contains("This app hasn't been verified"));
}

#[test]
fn declined_scopes_are_not_granted_and_not_requested_again_automatically() {
    // RFC 6749 §3.3: the user may grant less than was requested, and the client learns what was granted.
    let mut app = App::new();
    let asked = page(&app.ask(""));
    let allowed = app.allow(&asked, &[]);
    assert_eq!(app.tokens(&allowed)["scope"], "openid photos.read");
    let again = app.ask("");
    assert_eq!(app.tokens(&again)["scope"], "openid photos.read");
    // The app may request it again, and the user may decide otherwise.
    let asked = page(&app.ask("&prompt=consent"));
    let allowed = app.allow(&asked, &[("allow:photos.write", "yes")]);
    assert_eq!(app.tokens(&allowed)["scope"], "openid photos.read photos.write");
    let again = app.ask("");
    assert_eq!(app.tokens(&again)["scope"], "openid photos.read photos.write");
}

#[test]
fn a_changed_form_cannot_decline_a_required_scope() {
    let mut app = App::new();
    let asked = page(&app.ask(""));
    let allowed = app.allow(&asked, &[("allow:nothing", "yes")]);
    assert_eq!(app.tokens(&allowed)["scope"], "openid photos.read");
}

#[test]
fn a_scope_that_was_not_registered_is_left_out_and_the_developer_is_told() {
    // RFC 6749 §3.3, §5.1: the token response says what was granted, if that isn't what was requested
    let mut app = App::new();
    let url = format!(
        "/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid+photos.print\
         &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        app.client_id
    );
    let asked = page(&app.browser.get(&app.world, &url));
    let html = text(&app.browser.get(&app.world, &asked));
    assert!(
        html.contains("requested <code>photos.print</code>, which its registration doesn't"),
        "{html}"
    );
    let logged = app.world.log.0.borrow().join("\n");
    let message = "they were left out: photos.print";
    assert!(logged.contains(message), "{logged}");
    let allowed = app.allow(&asked, &[]);
    assert_eq!(app.tokens(&allowed)["scope"], "openid");

    // In production, anyone could put any text there, so it is neither shown nor logged.
    app.world.settings.development = false;
    app.world.log.0.borrow_mut().clear();
    let asked = page(&app.browser.get(&app.world, &format!("{url}&prompt=consent")));
    assert!(!text(&app.browser.get(&app.world, &asked)).contains("photos.print"));
    let logged = app.world.log.0.borrow().join("\n");
    assert!(logged.contains("they were left out:") && !logged.contains("photos.print"), "{logged}");
}

#[test]
fn a_scope_that_a_device_did_not_register_is_left_out_and_the_developer_is_told() {
    // RFC 6749 §3.3, RFC 8628 §3.1 and §3.3
    let mut app = App::new();
    let metadata = r#"{"redirect_uris":[],"response_types":[],"token_endpoint_auth_method":"none",
        "grant_types":["urn:ietf:params:oauth:grant-type:device_code"],"scope":"openid photos.read"}"#;
    let headers = [("content-type", "application/json")];
    let (world, browser) = (&mut app.world, &mut app.browser);
    let client = browser.request(world, Method::Post, "/register", metadata.to_owned(), &headers);
    let client_id = json(&client)["client_id"].as_str().unwrap().to_owned();
    let mut ask = |world: &World, scope: &str| {
        let fields = [("client_id", client_id.as_str()), ("scope", scope)];
        let answer = json(&Browser::default().post(world, "/device_authorization", &fields));
        let page = format!("/device?user_code={}", answer["user_code"].as_str().unwrap());
        (answer["scope"].clone(), text(&browser.get(world, &page)))
    };
    let (scope, page) = ask(world, "openid photos.print");
    assert_eq!(scope, "openid");
    assert!(page.contains("Only shown in development"), "{page}");
    assert!(page.contains("requested <code>photos.print</code>, which its registration"), "{page}");
    assert!(world.log.0.borrow().join("\n").contains("they were left out: photos.print"));
    // RFC 8628 §3.2 has no member `scope`, so there is none where nothing was left out.
    let (scope, page) = ask(world, "openid photos.read");
    assert!(scope.is_null() && !page.contains("Only shown in development"), "{page}");

    // In production, anyone could put any text there, so it is neither shown nor logged.
    world.settings.development = false;
    world.log.0.borrow_mut().clear();
    let (scope, page) = ask(world, "openid photos.print");
    assert!(scope == "openid" && !page.contains("photos.print"), "{page}");
    let logged = world.log.0.borrow().join("\n");
    assert!(logged.contains("they were left out:") && !logged.contains("photos.print"), "{logged}");
}

#[test]
fn in_development_the_demo_s_scopes_are_in_words_and_any_other_resource_is_accepted_too() {
    let demo = World::new(&[]).settings.resources;
    assert_eq!(demo.words("photos.read").unwrap().words, "See your photos");
    assert_eq!(demo.name("https://photos.example.com/"), "Example Photos");
    assert!(resource::parse(["https://other.test/"].into_iter(), &demo).is_ok());
    // Resources that the operator lists exclude all others, and production has no demo.
    let listed = World::new(&[("RESOURCES", RESOURCES)]).settings.resources;
    assert!(resource::parse(["https://other.test/"].into_iter(), &listed).is_err());
    assert!(listed.words("social.post").is_none());
    let production = World::new(&[("ENVIRONMENT", "production"), ("VESTIBULE_SECRET", SECRET)])
        .settings
        .resources;
    assert!(production.words("photos.read").is_none());
}

#[test]
fn tokens_without_any_scope_say_so() {
    // RFC 6749 §5.1: a response without `scope` would mean that everything was granted.
    let mut app = App::new();
    let url = format!(
        "/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=photos.write\
         &resource=https://photos.test/&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        app.client_id
    );
    let asked = page(&app.browser.get(&app.world, &url));
    let allowed = app.allow(&asked, &[]);
    assert_eq!(app.tokens(&allowed)["scope"], "");
}

#[test]
fn a_removed_scope_is_missing_from_the_next_token_and_the_rest_stays() {
    let mut app = App::new();
    let asked = page(&app.ask(""));
    let allowed = app.allow(&asked, &[("allow:photos.write", "yes")]);
    let tokens = app.tokens(&allowed);
    let csrf = csrf(&app.world, &mut app.browser);
    let client_id = app.client_id.clone();
    let fields = [("csrf", csrf.as_str()), ("client_id", &client_id), ("scope", "photos.write")];
    let done = app.browser.post(&app.world, "/account/apps", &fields);
    assert_eq!(page(&done), "http://localhost:8787/account?done=scope");
    let refreshed = app.refresh(tokens["refresh_token"].as_str().unwrap());
    assert_eq!(refreshed["scope"], "openid photos.read");
    let again = app.ask("");
    assert_eq!(app.tokens(&again)["scope"], "openid photos.read");
}

#[test]
fn an_app_that_the_operator_verified_does_not_look_unverified() {
    let mut app = App::new();
    let client = block_on(app.world.clients.find(&app.client_id)).unwrap().unwrap();
    app.world.settings.verified_clients = vec![VerifiedClient::of(&client)];
    let asked = page(&app.ask(""));
    assert!(!text(&app.browser.get(&app.world, &asked)).contains("hasn't been verified"));
}

#[test]
fn an_app_that_changes_its_scopes_cannot_fill_or_break_the_account() {
    // 49 scopes, then 49 others, and so on: the union is more than one request may contain.
    let world = World::new(&[]);
    let mut browser = Browser::default();
    let person = [("email", "p@example.test"), ("password", "a long enough passphrase")];
    browser.submit(&world, "/sign-up", &person);
    let metadata = |round: usize| {
        let names: Vec<String> = (0..49).map(|index| format!("round{round}.{index}")).collect();
        let scope = names.join(" ");
        let json = format!(
            r#"{{"redirect_uris":["{CALLBACK}"],"token_endpoint_auth_method":"none","scope":"{scope}"}}"#
        );
        (json, names.join("+"))
    };
    let send = |browser: &mut Browser, method, path: &str, body, token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        json(&browser.request(&world, method, path, body, &headers))
    };
    let client = send(&mut browser, Method::Post, "/register", metadata(0).0, "");
    let client_id = client["client_id"].as_str().unwrap();
    let token = client["registration_access_token"].as_str().unwrap();
    for round in 0..8 {
        let (json, scope) = metadata(round);
        let json = json.replacen('{', &format!(r#"{{"client_id":"{client_id}","#), 1);
        let path = format!("/register/{client_id}");
        let changed = send(&mut browser, Method::Put, &path, json, token);
        assert!(changed["scope"].is_string(), "{changed}");
        let url = format!(
            "/authorize?response_type=code&client_id={client_id}&redirect_uri={CALLBACK}\
             &scope={scope}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
             &code_challenge_method=S256"
        );
        let asked = page(&browser.get(&world, &url));
        let allowed = browser.submit(&world, &asked, &[("decision", "allow")]);
        assert!(answer(&allowed, "code").is_some(), "{}", text(&allowed));
        let account = browser.get(&world, "/account");
        assert_eq!(account.status, 200, "after {round} consents");
        // The newest consent is remembered: the user isn't asked again.
        assert!(answer(&browser.get(&world, &url), "code").is_some());
        let largest = world.objects.largest_row();
        assert!(largest < 8000, "{largest} bytes after {round} consents");
    }
}
