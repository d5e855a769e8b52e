//! Clients that register themselves, and those that developers make.

use serde_json::{Value, json};
use vestibule::domain::machine::{Address, Class};
use vestibule::domain::token::{Token, TokenKind};
use vestibule::endpoints::http::Method;

use super::{PASSWORD, Scene, assert_ok};
use crate::attacks::access::{CALLBACK, register, signed_up};
use crate::support::browser::{Browser, field, json as body, text};
use crate::support::recorder::step;

pub fn run(scene: &Scene) {
    let world = &scene.world;
    step("a client of few members");
    register(world, &json!({ "redirect_uris": [CALLBACK] }));
    step("a client that expects RS256");
    register(
        world,
        &json!({ "redirect_uris": [CALLBACK], "require_pkce": true,
        "id_token_signed_response_alg": "RS256" }),
    );
    step("a client of many members");
    let metadata = json!({
        "redirect_uris": [CALLBACK], "client_name": "The App", "application_type": "web",
        "client_uri": "https://app.example.test/", "logo_uri": "https://app.example.test/logo.png",
        "policy_uri": "https://app.example.test/privacy", "tos_uri": "https://app.example.test/terms",
        "contacts": ["developers@app.example.test"], "default_max_age": 3600,
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code"], "scope": "openid profile email",
        "token_endpoint_auth_method": "client_secret_post", "id_token_signed_response_alg": "ES256",
        "post_logout_redirect_uris": ["https://app.example.test/"], "software_id": "4NRB1",
        "software_version": "1.2",
    });
    let made = body(&scene.call(Method::Post, "/register", (&metadata, "")));
    let (uri, token) =
        (made["registration_client_uri"].as_str(), made["registration_access_token"].as_str());
    let (uri, token) = (uri.unwrap(), token.unwrap());
    step("a client reads and changes itself");
    assert_ok(&scene.call(Method::Get, uri, (&Value::Null, token)));
    let mut changed = made.clone();
    changed["client_name"] = "Another Name".into();
    for server in [
        "registration_client_uri",
        "registration_access_token",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        changed.as_object_mut().unwrap().remove(server);
    }
    assert_ok(&scene.call(Method::Put, uri, (&changed, token)));
    step("a client that acts for itself");
    let (id, secret) =
        (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let fields =
        [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    assert_ok(&Browser::default().post(world, "/token", &fields));
    step("a client deletes itself");
    assert_ok(&scene.call(Method::Delete, uri, (&Value::Null, token)));
    step("a deleted client");
    scene.call(Method::Get, uri, (&Value::Null, token));

    let mut developer = signed_up(world, "ivy@example.test");
    step("a developer makes an app");
    let new = [("name", "Sundial"), ("redirect_uris", CALLBACK), ("kind", "confidential")];
    let page = text(&scene.send(&mut developer, "/developers", &new));
    let client_id = page.split("<code>vcl_").nth(1).unwrap().split('<').next().unwrap();
    let path = format!("/developers/vcl_{client_id}");
    step("a developer sees the apps");
    assert_ok(&developer.get(world, "/developers"));
    step("a developer changes an app");
    let page = text(&developer.get(world, &path));
    let metadata = field(&page, "metadata").unwrap();
    let fields = [
        ("action", "save"),
        ("metadata", metadata.as_str()),
        ("name", "Sundial 2"),
        ("redirect_uris", CALLBACK),
        ("current_password", PASSWORD),
    ];
    assert_ok(&scene.send(&mut developer, &path, &fields));
    step("a developer makes another secret");
    let secrets = field(&text(&developer.get(world, &path)), "secrets").unwrap();
    let fields = [("action", "rotate"), ("secrets", &secrets), ("current_password", PASSWORD)];
    assert_ok(&scene.send(&mut developer, &path, &fields));
    step("an account with apps is not deleted");
    scene.send(&mut developer, "/account/delete", &[("current_password", PASSWORD)]);
    step("a developer deletes an app");
    let fields = [("action", "delete"), ("current_password", PASSWORD)];
    assert_ok(&scene.send(&mut developer, &path, &fields));
    step("an app whose registration is missing");
    let account = Token::decode(TokenKind::Session, &developer.cookies["__Host-session"]).unwrap();
    let account = Address::Id(account.object.to_string());
    world.objects.store_row(Class::Account, &account, ("app/vcl_gone", r#"{"App":1700000000000}"#));
    assert_ok(&developer.get(world, "/developers"));
    step("too many apps");
    for number in 0..60 {
        let name = format!("App {number}");
        let new = [("name", name.as_str()), ("redirect_uris", CALLBACK), ("kind", "public")];
        if scene.send(&mut developer, "/developers", &new).status != 200 {
            break;
        }
    }
}
