//! Outside accounts.

use serde_json::{Value, json};
use vestibule::endpoints::http::{Method, Response};
use vestibule::protocol::parameters::encode;

use super::Scene;
use crate::attacks::access::{CALLBACK, app, signed_up, tokens};
use crate::secret_rotation::deployment;
use crate::support::browser::Browser;
use crate::support::provider::Bent;
use crate::support::recorder::step;

const SCOPE: &str = "openid connection:acme";

struct User<'s> {
    scene: &'s Scene,
    browser: Browser,
}

impl User<'_> {
    /// An access token of the app.
    fn token(&mut self, client_id: &str) -> String {
        let (world, browser) = (&self.scene.world, &mut self.browser);
        let issued = tokens(world, browser, client_id, "&scope=openid+connection:acme");
        issued["access_token"].as_str().unwrap().to_owned()
    }

    /// Connects for an app, or for all.
    fn connect(&mut self, app: Option<&str>) -> Response {
        let page = match app {
            None => "/connect/acme".to_owned(),
            Some(app) => {
                let query = [
                    ("client_id", app),
                    ("redirect_uri", CALLBACK),
                    ("scope", "read"),
                    ("state", "s"),
                ];
                format!("/connect/acme?{}", encode(query))
            }
        };
        let there = self.browser.submit(&self.scene.world, &page, &[("decision", "connect")]);
        self.scene.come_back(&mut self.browser, &there)
    }

    fn issues(&self, tokens: Value) {
        self.scene.provider.says.borrow_mut().tokens = tokens;
    }

    /// The app gets the token of the outside account.
    fn gets(&mut self, app: &str) {
        let token = self.token(app);
        self.scene.call(Method::Get, "/connections/acme/token", (&Value::Null, &token));
    }
}

pub fn run(scene: &mut Scene) {
    let (browser, app) = connected(scene);
    scene.world.set_sealer(deployment("a"));
    let mut user = User { scene, browser };
    step("an app connects under a secret");
    user.issues(short("a1", "read"));
    user.connect(Some(&app));
    user.gets(&app);
    let browser = user.browser;
    scene.world.set_sealer(deployment("ba"));
    step("a token is sealed anew");
    let mut user = User { scene, browser };
    user.gets(&app);
    let browser = user.browser;
    scene.world.set_sealer(deployment("c"));
    step("a token that can't be opened");
    let mut user = User { scene, browser };
    user.gets(&app);
    user.scene.world.advance(100);
    user.gets(&app);
    user.scene.world.advance(100);
    user.gets(&app);
}

/// Tokens that the provider issues for 100 seconds.
fn short(access_token: &str, scope: &str) -> Value {
    json!({ "access_token": access_token, "refresh_token": format!("refresh {access_token}"),
        "scope": scope, "expires_in": 100 })
}

/// A user has connected and disconnected accounts, for an app and for every one.
fn connected(scene: &Scene) -> (Browser, String) {
    let world = &scene.world;
    scene.provider.tells(json!({ "sub": "hana", "name": "Hana" }));
    scene.provider.says.borrow_mut().id_token = json!({ "sub": "hana" });
    let mut user = User { scene, browser: signed_up(world, "hana@example.test") };
    let app = app(world, SCOPE, false);
    step("nothing is connected");
    user.gets(&app);
    step("an app connects");
    user.issues(short("a1", "read"));
    user.connect(Some(&app));
    user.gets(&app);
    user.browser.get(world, "/account");
    step("a token is refreshed");
    world.advance(100);
    user.issues(short("a2", "read"));
    user.gets(&app);
    step("a refresh that the provider can't make now");
    world.advance(100);
    user.issues(json!({ "error": "temporarily_unavailable" }));
    user.gets(&app);
    step("a refresh that is refused");
    world.advance(100);
    user.issues(json!({ "error": "invalid_grant" }));
    user.gets(&app);
    step("a broken connection");
    user.gets(&app);
    user.browser.get(world, "/account");
    step("an app connects again");
    user.issues(short("a1", "read"));
    user.connect(Some(&app));
    step("a refresh whose answer is lost");
    world.advance(100);
    let lost =
        Bent { document: "token response", member: "access_token".into(), value: "[".into() };
    scene.provider.says.borrow_mut().bent = Some(lost);
    user.gets(&app);
    step("a refresh that is refused after a lost answer");
    world.advance(100);
    scene.provider.says.borrow_mut().bent = None;
    user.issues(json!({ "error": "invalid_grant" }));
    user.gets(&app);
    step("an app connects once more");
    user.issues(short("a1", "read"));
    user.connect(Some(&app));
    step("a refresh that comes back wider");
    world.advance(100);
    user.issues(short("a3", "read post"));
    user.gets(&app);
    step("an account-wide connection");
    user.issues(json!({ "access_token": "w" }));
    user.connect(None);
    step("a token that can't be refreshed");
    user.issues(json!({ "access_token": "w", "scope": "read", "expires_in": 100 }));
    user.connect(Some(&app));
    world.advance(100);
    user.gets(&app);
    step("a connection that is too wide");
    user.issues(json!({ "access_token": "a", "refresh_token": "r", "scope": "read post openid" }));
    user.connect(Some(&app));
    step("an app's connection is disconnected");
    user.issues(short("a1", "read"));
    user.connect(Some(&app));
    let own = [("provider", "acme"), ("client_id", app.as_str())];
    scene.send(&mut user.browser, "/account/connections", &own);
    user.gets(&app);
    step("an account-wide connection is disconnected");
    scene.send(&mut user.browser, "/account/connections", &[("provider", "acme")]);
    user.gets(&app);
    (user.browser, app)
}
