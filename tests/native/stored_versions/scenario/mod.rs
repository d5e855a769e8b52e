//! A scenario in which a user, apps, a provider and the operator have every machine store and send whatever it can.
//! Randomness, keys and the clock are the same in every run.

mod accounts;
mod apps;
mod clients;
mod connections;
mod devices;
mod keys;
mod providers;

use serde_json::{Value, json};
use vestibule::endpoints::http::{Method, Response};

pub use crate::attacks::access::PASSWORD;
use crate::support::World;
use crate::support::browser::{Browser, answer, csrf, text};
use crate::support::provider::{SECRET, TestProvider, callback, setting};

pub const ISSUER: &str = "https://acme.example.com";
/// A provider that answers with an error at best.
pub const SILENT: &str = "https://silent.example.com";
pub const DAY: u32 = 86_400;

/// A deployment with a provider.
pub struct Scene {
    pub world: World,
    pub provider: TestProvider,
}

impl Scene {
    fn new() -> Self {
        let provider = json!({
            "connection_scope": "openid post read", "trust_email": true, "membership": true,
        });
        let resources = json!([{ "resource": "https://photos.test/", "scopes": {
            "photos.read": "See your photos",
            "photos.write": { "words": "Add photos", "optional": true },
        } }]);
        let mut providers: Value = serde_json::from_str(&setting(ISSUER, provider)).unwrap();
        let silent = json!({ "id": "silent", "issuer": SILENT, "client_id": "here",
            "token_endpoint_auth_method": "none" });
        providers.as_array_mut().unwrap().push(silent);
        let (providers, resources) = (providers.to_string(), resources.to_string());
        let world = World::new(&[
            ("PROVIDERS", &providers),
            SECRET,
            ("RESOURCES", &resources),
            ("DEVICE_CODES_PER_HOUR", "8"),
        ]);
        let provider = TestProvider::new(&world, ISSUER);
        Self { world, provider }
    }

    /// Sends the form of a page of the account, with its seal.
    pub fn send(&self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Response {
        let csrf = csrf(&self.world, browser);
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        browser.post(&self.world, path, &all)
    }

    /// Sends a request with JSON, or with a token.
    pub fn call(&self, method: Method, path: &str, (body, token): (&Value, &str)) -> Response {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json")];
        headers.extend((!token.is_empty()).then_some(("authorization", authorization.as_str())));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Browser::default().request(&self.world, method, path, body, &headers)
    }

    pub fn sign_in(&self, browser: &mut Browser, email: &str, password: &str) -> Response {
        browser.submit(&self.world, "/sign-in", &[("email", email), ("password", password)])
    }

    /// Comes back from the provider, to which a response has sent the browser.
    pub fn come_back(&self, browser: &mut Browser, there: &Response) -> Response {
        self.provider.expects(there);
        let state = answer(there, "state").unwrap();
        browser.get(&self.world, &callback(&[("code", "c"), ("state", &state), ("iss", ISSUER)]))
    }
}

/// Whatever went on as it should.
#[track_caller]
pub fn assert_ok(response: &Response) {
    assert!(matches!(response.status, 200..=204 | 303), "{} {}", response.status, text(response));
}

pub fn run() {
    let mut scene = Scene::new();
    accounts::run(&scene);
    apps::run(&scene);
    devices::run(&scene);
    providers::run(&scene);
    clients::run(&scene);
    connections::run(&mut scene);
    keys::run(scene);
}
