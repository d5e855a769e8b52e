//! Authorization, tokens, and what a user takes back from an app.

use serde_json::Value;
use vestibule::endpoints::http::Method;
use vestibule::protocol::parameters::encode;

use super::{DAY, PASSWORD, Scene, assert_ok};
use crate::attacks::access::{
    CALLBACK, app, authorize_url, redeem, refresh, signed_up, tokens, userinfo,
};
use crate::grant_properties::VERIFIER;
use crate::support::browser::{Browser, answer, json, text};
use crate::support::recorder::step;

const EMAIL: &str = "bob@example.test";
const SCOPE: &str = "&scope=openid+profile+email+offline_access";
const CLAIMS: &str = "&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%2C%22id_token%22%3A%7B%22email\
    %22%3Anull%2C%22acr%22%3A%7B%22essential%22%3Atrue%2C%22values%22%3A%5B%221%22%5D%7D%7D%7D";
const PHOTOS: &str =
    "&scope=openid+photos.read+photos.write+offline_access&resource=https://photos.test/";

fn post(scene: &Scene, path: &str, fields: &[(&str, &str)]) -> Value {
    let response = Browser::default().post(&scene.world, path, fields);
    if response.body.is_empty() { Value::Null } else { json(&response) }
}

fn token<'t>(tokens: &'t Value, name: &str) -> &'t str {
    tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}"))
}

/// A user, and apps of the operator and of somebody else.
struct Apps<'s> {
    scene: &'s Scene,
    browser: Browser,
    own: String,
    foreign: String,
}

pub fn run(scene: &Scene) {
    let world = &scene.world;
    let foreign = "openid profile email photos.read photos.write offline_access";
    let mut apps = Apps {
        scene,
        own: app(world, "openid profile email offline_access", true),
        foreign: app(world, foreign, false),
        browser: signed_up(world, EMAIL),
    };
    apps.used();
    apps.revoked();
    apps.codes();
    apps.consent();
    with_secret(scene, &mut apps.browser);
    apps.removed();
    apps.over_time();
}

impl Apps<'_> {
    /// The operator's own app uses its tokens.
    fn used(&mut self) {
        let Self { scene, browser, own, foreign } = self;
        let world = &scene.world;
        step("the operator's own app");
        let issued = tokens(world, browser, own, SCOPE);
        step("the tokens are used");
        userinfo(world, &issued);
        step("a refresh");
        let next = refresh(world, own, &issued);
        step("a refresh whose answer was lost");
        refresh(world, own, &issued);
        step("a refresh for less");
        let less = [("grant_type", "refresh_token"), ("client_id", own), ("scope", "openid")];
        let refresh_token = token(&next, "refresh_token");
        let third =
            post(scene, "/token", &[&less[..], &[("refresh_token", refresh_token)]].concat());
        step("a refresh for more");
        let more = [("grant_type", "refresh_token"), ("client_id", own), ("scope", "openid phone")];
        post(scene, "/token", &[&more[..], &[("refresh_token", refresh_token)]].concat());
        step("a refresh by another client");
        refresh(world, foreign, &issued);
        step("a refresh token that was used long ago");
        world.advance(600);
        refresh(world, own, &third);
        world.advance(600);
        refresh(world, own, &issued);
    }

    /// It asks for claims, and gives its tokens back.
    fn revoked(&mut self) {
        let Self { scene, browser, own, .. } = self;
        let world = &scene.world;
        step("a request for claims");
        let issued = tokens(world, browser, own, &format!("{SCOPE}{CLAIMS}&nonce=n"));
        step("an access token is revoked");
        let revoke = |kind| [("client_id", own.as_str()), ("token", token(&issued, kind))];
        post(scene, "/revoke", &revoke("access_token"));
        step("a revoked access token");
        userinfo(world, &issued);
        step("a refresh token is revoked");
        post(scene, "/revoke", &revoke("refresh_token"));
        step("a revoked refresh token");
        refresh(world, own, &issued);
    }

    /// Codes, redeemed rightly and wrongly.
    fn codes(&mut self) {
        let Self { scene, browser, own, foreign } = self;
        let world = &scene.world;
        step("a code");
        let code = |browser: &mut Browser, more: &str| {
            let response = browser.get(world, &authorize_url(own, more));
            answer(&response, "code").unwrap_or_else(|| panic!("{}", text(&response)))
        };
        let issued = code(browser, "&scope=openid");
        step("a code of another client");
        redeem(world, foreign, &issued);
        let wrong = |code: &str, (name, value): (&str, &str)| {
            let all = [
                ("grant_type", "authorization_code"),
                ("client_id", own.as_str()),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let others = all.into_iter().filter(|(other, _)| *other != name);
            let one = (!value.is_empty()).then_some((name, value));
            post(scene, "/token", &others.chain(one).collect::<Vec<_>>());
        };
        step("a code with a wrong verifier");
        wrong(&code(browser, "&scope=openid"), ("code_verifier", &"x".repeat(43)));
        step("a code without its verifier");
        wrong(&code(browser, "&scope=openid"), ("code_verifier", ""));
        step("a code with another redirect URI");
        wrong(&code(browser, "&scope=openid"), ("redirect_uri", "https://evil.test/"));
        step("a code for another resource");
        wrong(&code(browser, "&scope=openid"), ("resource", "https://photos.test/"));
        step("a code is redeemed twice");
        let issued = code(browser, "&scope=openid");
        redeem(world, own, &issued);
        redeem(world, own, &issued);
        step("a login that is too old");
        world.advance(100);
        browser.get(world, &authorize_url(own, "&scope=openid&max_age=10&prompt=none"));
    }

    /// A user allows an app something, and takes it back.
    fn consent(&mut self) {
        let Self { scene, browser, foreign, .. } = self;
        let world = &scene.world;
        step("consent is required");
        let asked = browser.get(world, &authorize_url(foreign, PHOTOS));
        let consent = asked.header("location").unwrap().to_owned();
        step("consent with a declined scope");
        let allowed = browser.submit(world, &consent, &[("decision", "allow")]);
        let issued = redeem(world, foreign, &answer(&allowed, "code").unwrap());
        step("consent as before");
        code_of(scene, browser, foreign, PHOTOS);
        step("consent to everything");
        let asked =
            browser.get(world, &authorize_url(foreign, &format!("{PHOTOS}&prompt=consent")));
        let consent = asked.header("location").unwrap().to_owned();
        let all = [("decision", "allow"), ("allow:photos.write", "yes")];
        browser.submit(world, &consent, &all);
        step("a scope is removed while a code waits");
        let waiting = code_of(scene, browser, foreign, PHOTOS);
        let fields = [("client_id", foreign.as_str()), ("scope", "photos.read")];
        assert_ok(&scene.send(browser, "/account/apps", &fields));
        redeem(world, foreign, &waiting);
        refresh(world, foreign, &issued);
        step("an app is removed while a code waits");
        let mut more = browser.get(world, &authorize_url(foreign, "&scope=openid"));
        if answer(&more, "code").is_none() {
            let consent = more.header("location").unwrap().to_owned();
            more = browser.submit(world, &consent, &[("decision", "allow")]);
        }
        assert_ok(&scene.send(browser, "/account/apps", &[("client_id", foreign)]));
        step("a code whose app was removed");
        redeem(world, foreign, &answer(&more, "code").unwrap());
    }

    /// Access is removed while codes are on the way to their objects, and later.
    fn removed(&mut self) {
        let Self { scene, browser, own, .. } = self;
        let world = &scene.world;
        step("an authorization that is cut off");
        for moment in 0..20 {
            world.fuse.light(moment);
            browser.get(world, &authorize_url(own, "&scope=openid+profile"));
            if !world.restart() {
                break;
            }
        }
        step("a scope is removed while codes are on the way");
        let profile = [("client_id", own.as_str()), ("scope", "profile")];
        assert_ok(&scene.send(browser, "/account/apps", &profile));
        step("an app is removed while codes are on the way");
        assert_ok(&scene.send(browser, "/account/apps", &[("client_id", own)]));
        step("a scope is removed");
        let issued = tokens(world, browser, own, SCOPE);
        world.advance(100);
        assert_ok(&scene.send(browser, "/account/apps", &profile));
        refresh(world, own, &issued);
        step("an app is removed");
        assert_ok(&scene.send(browser, "/account/apps", &[("client_id", own)]));
        userinfo(world, &issued);
    }

    /// Time passes, and the account looks after its grants.
    fn over_time(&mut self) {
        let Self { scene, browser, own, .. } = self;
        let world = &scene.world;
        step("an online grant");
        let online = tokens(world, browser, own, "&scope=openid");
        step("the account's alarm");
        code_of(scene, browser, own, "&scope=openid+offline_access");
        let kept = tokens(world, browser, own, SCOPE);
        for _ in 0..5 {
            world.advance(7 * DAY);
            refresh(world, own, &kept);
        }
        userinfo(world, &online);
        step("sign-in for an app");
        let asked = authorize_url(own, "&scope=openid&prompt=login");
        let page = browser.get(world, &asked);
        let page = page.header("location").unwrap_or(&asked).to_owned();
        browser.submit(world, &page, &[("email", EMAIL), ("password", PASSWORD)]);
        step("the end of the session");
        let query = encode([("id_token_hint", online["id_token"].as_str().unwrap_or_default())]);
        browser.get(world, &format!("/end_session?{query}"));
        step("a year later");
        world.advance(400 * DAY);
        world.advance(8 * DAY);
    }
}

/// A code of an app that the user has allowed before.
fn code_of(scene: &Scene, browser: &mut Browser, client_id: &str, more: &str) -> String {
    let response = browser.get(&scene.world, &authorize_url(client_id, more));
    answer(&response, "code").unwrap_or_else(|| panic!("{:?}", response.header("location")))
}

/// An app with a secret may ask what a token is worth (RFC 7662).
fn with_secret(scene: &Scene, browser: &mut Browser) {
    step("an app with a secret");
    let metadata = serde_json::json!({
        "redirect_uris": [CALLBACK], "scope": "openid offline_access", "first_party": true,
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let made = json(&scene.call(Method::Post, "/register", (&metadata, "")));
    let (id, secret) = (token(&made, "client_id"), token(&made, "client_secret"));
    let code = code_of(scene, browser, id, "&scope=openid+offline_access");
    let client = [("client_id", id), ("client_secret", secret)];
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let issued = post(scene, "/token", &[&client[..], &redeem].concat());
    let ask = |name| {
        post(scene, "/introspect", &[&client[..], &[("token", token(&issued, name))]].concat())
    };
    step("introspection of an access token");
    ask("access_token");
    step("introspection of a refresh token");
    ask("refresh_token");
    step("introspection of a revoked access token");
    post(scene, "/revoke", &[&client[..], &[("token", token(&issued, "access_token"))]].concat());
    ask("access_token");
}
