//! Identities at a provider.

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::alg::Es256;
use jwt_compact::{Algorithm, AlgorithmSignature};
use p256::ecdsa::SigningKey;
use serde_json::{Value, json};
use vestibule::domain::http::HttpError;
use vestibule::ports::Clock;

use super::{ISSUER, PASSWORD, SILENT, Scene, assert_ok};
use crate::attacks::access::{app, authorize_url, signed_up, tokens, userinfo};
use crate::outdated_forms::open;
use crate::support::browser::{Browser, field, text};
use crate::support::recorder::step;

const ALL: &str = "openid profile email phone address groups roles";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn person(scene: &Scene, sub: &str, more: Value) {
    let mut profile = json!({ "sub": sub });
    for (name, value) in more.as_object().unwrap() {
        profile[name] = value.clone();
    }
    scene.provider.tells(profile);
    let id_token = json!({ "sub": sub, "sid": format!("sid-{sub}"),
        "auth_time": scene.world.clock.now().seconds() });
    scene.provider.says.borrow_mut().id_token = id_token;
}

fn visit(scene: &Scene, browser: &mut Browser) -> String {
    let back = scene.provider.visit(&scene.world, browser, "/sign-in/acme");
    text(&back)
}

/// Every claim that a provider may tell (OpenID Connect Core §5.1).
fn everything() -> Value {
    json!({
        "name": "Kim", "given_name": "Kim", "family_name": "Doe", "middle_name": "M", "nickname": "K",
        "preferred_username": "kim", "profile": "https://acme.example.com/kim",
        "picture": "https://acme.example.com/kim.png", "website": "https://kim.example.org/",
        "email": "kim@example.org", "email_verified": true, "gender": "female",
        "birthdate": "2000-01-01", "zoneinfo": "Europe/Lisbon", "locale": "pt",
        "phone_number": "+351 1", "phone_number_verified": true, "updated_at": 1_700_000_000,
        "address": { "formatted": "Rua 1", "street_address": "Rua 1", "locality": "Lisboa",
            "region": "Lisboa", "postal_code": "1000-001", "country": "PT" },
        "groups": ["staff"], "roles": ["reader"],
    })
}

/// The provider ends a session (OpenID Connect Back-Channel Logout §2.4).
fn log_out(scene: &Scene, of: Value) {
    let now = scene.world.clock.now().seconds();
    let mut claims = json!({ "iss": ISSUER, "aud": "here", "iat": now, "exp": now + 60, "jti": "j",
        "events": { EVENT: {} } });
    for (name, value) in of.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let encode = |text: String| Base64UrlUnpadded::encode_string(text.as_bytes());
    let header = json!({ "alg": "ES256", "kid": "k1", "typ": "logout+jwt" });
    let input = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let signature = Es256.sign(&key, input.as_bytes()).as_bytes().into_owned();
    let token = format!("{input}.{}", Base64UrlUnpadded::encode_string(&signature));
    let fields = [("logout_token", token.as_str())];
    assert_ok(&Browser::default().post(&scene.world, "/backchannel_logout/acme", &fields));
}

/// A person whose address the provider has verified.
fn verified(email: &str) -> Value {
    json!({ "email": email, "email_verified": true, "name": "Dana Lee", "groups": ["staff"],
        "roles": ["reader"] })
}

pub fn run(scene: &Scene) {
    let mut dana = sign_ins(scene);
    with_apps(scene, &mut dana);
    links(scene, &mut dana);
    links_by_signing_in(scene);
    endings(scene);
}

fn sign_ins(scene: &Scene) -> Browser {
    let world = &scene.world;
    step("a first sign-in with a provider");
    person(scene, "dana", verified("dana@example.org"));
    let mut browser = Browser::default();
    visit(scene, &mut browser);
    assert_ok(&browser.get(world, "/account"));
    step("a later sign-in with a provider");
    person(scene, "dana", json!({ "name": "Dana L.", "groups": ["staff", "admin"] }));
    visit(scene, &mut browser);
    step("a user without an address");
    person(scene, "eve", json!({}));
    visit(scene, &mut Browser::default());
    browser
}

fn with_apps(scene: &Scene, browser: &mut Browser) {
    let world = &scene.world;
    step("an app of a user with memberships");
    let client_id = app(world, ALL, true);
    let scope = format!("&scope={}", ALL.replace(' ', "+"));
    userinfo(world, &tokens(world, browser, &client_id, &scope));
    step("a user of whom the provider tells everything");
    person(scene, "kim", everything());
    let mut kim = Browser::default();
    visit(scene, &mut kim);
    assert_ok(&kim.get(world, "/account"));
    userinfo(world, &tokens(world, &mut kim, &client_id, &scope));
    step("a later sign-in for an app");
    let mut kim = Browser::default();
    let page = open(world, &mut kim, &authorize_url(&client_id, "&scope=openid"));
    let way = page.split("href=\"").find(|link| link.contains("/sign-in/acme?"));
    let way = way.unwrap_or_else(|| panic!("{page}"));
    let way = way.split('"').next().unwrap().replace("&#38;", "&");
    assert_ok(&scene.provider.visit(world, &mut kim, &way));
    step("a sign-in at an unknown time");
    scene.provider.says.borrow_mut().id_token = json!({ "sub": "kim" });
    visit(scene, &mut kim);
    step("a sign-up for an app");
    let mut lea = Browser::default();
    let page = open(world, &mut lea, &authorize_url(&client_id, "&scope=openid&prompt=create"));
    let flow = field(&page, "flow").unwrap_or_else(|| panic!("{page}"));
    let fields = [("email", "lea@example.test"), ("password", PASSWORD)];
    assert_ok(&lea.submit(world, &format!("/sign-up?flow={flow}"), &fields));
}

fn links(scene: &Scene, browser: &mut Browser) {
    step("the last way in is not unlinked");
    let key = format!("identity/upstream:{ISSUER}#dana");
    scene.send(browser, "/account/identities", &[("unlink", &key)]);
    step("a first password");
    assert_ok(&scene.send(browser, "/account/password", &[("new_password", PASSWORD)]));
    step("an identity is unlinked");
    let unlink = [("unlink", key.as_str()), ("current_password", PASSWORD)];
    assert_ok(&scene.send(browser, "/account/identities", &unlink));
    step("an identity is linked");
    let link = [("link", "acme"), ("current_password", PASSWORD)];
    let there = scene.send(browser, "/account/identities", &link);
    person(scene, "dana", verified("dana@example.org"));
    assert_ok(&scene.come_back(browser, &there));
    step("an identity of another account");
    let there = scene.send(browser, "/account/identities", &link);
    person(scene, "eve", json!({}));
    scene.come_back(browser, &there);
}

fn links_by_signing_in(scene: &Scene) {
    let world = &scene.world;
    step("an identity is linked by signing in");
    signed_up(world, "finn@example.org");
    person(scene, "finn", verified("finn@example.org"));
    let mut finn = Browser::default();
    finn.get(world, "/sign-in");
    let page = visit(scene, &mut finn);
    let flow = field(&page, "flow").expect("a link that waits");
    let csrf = finn.cookies["__Host-csrf"].clone();
    let fields = [
        ("csrf", csrf.as_str()),
        ("flow", &flow),
        ("email", "finn@example.org"),
        ("password", PASSWORD),
    ];
    assert_ok(&finn.post(world, "/sign-in", &fields));
    step("an unproven address goes to whoever proves it");
    signed_up(world, "gil@example.org");
    person(scene, "gil", verified("gil@example.org"));
    let mut gil = Browser::default();
    gil.get(world, "/sign-in");
    let page = visit(scene, &mut gil);
    let flow = field(&page, "flow").expect("a link that waits");
    let csrf = gil.cookies["__Host-csrf"].clone();
    let fields = [("csrf", csrf.as_str()), ("flow", &flow), ("decision", "start-over")];
    assert_ok(&gil.post(world, "/sign-in", &fields));
}

fn endings(scene: &Scene) {
    let world = &scene.world;
    step("the provider ends a session by its name");
    world.advance(1);
    log_out(scene, json!({ "sid": "sid-finn" }));
    step("the provider ends the sessions of a user");
    log_out(scene, json!({ "sub": "dana" }));
    step("the account of a provider's user is deleted");
    person(scene, "eve", json!({}));
    let mut eve = Browser::default();
    visit(scene, &mut eve);
    eve.submit(world, "/account/delete", &[]);
    step("a provider that doesn't answer");
    use HttpError::{Address, Redirect, Status, Timeout, TooLarge, Unreachable};
    for error in [Address, Redirect, Status, Timeout, TooLarge, Unreachable] {
        let metadata = format!("{SILENT}/.well-known/openid-configuration");
        world.internet.on(&metadata, move |_| Err(error));
        Browser::default().get(world, "/sign-in/silent");
        world.advance(3601);
    }
}
