//! Apps for devices that developers register on their page (modes 3 and 8).

use serde_json::Value;

use crate::attacks::access::signed_up;
use crate::support::World;
use crate::support::browser::{Browser, csrf, field, json, text};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Registers an app on the developers' page; returns the page that shows it.
fn registered(world: &World, developer: &mut Browser, kind: &str, uris: &str) -> String {
    let fields = [("name", "Living room"), ("redirect_uris", uris), ("kind", kind)];
    let made = developer.submit(world, "/developers", &fields);
    assert_eq!(made.status, 200, "{}", text(&made));
    text(&made)
}

fn id_on(page: &str) -> String {
    let (_, rest) = page.split_once("<code>vcl_").expect("the page shows the client ID");
    format!("vcl_{}", rest.split('<').next().unwrap())
}

fn device_authorization(world: &World, client_id: &str) -> (u16, Value) {
    let fields = [("client_id", client_id), ("scope", "openid offline_access")];
    let answer = Browser::default().post(world, "/device_authorization", &fields);
    (answer.status, json(&answer))
}

#[test]
fn an_app_for_devices_gets_tokens_by_the_device_grant_without_a_redirect_uri() {
    // RFC 8628 §3.1 to §3.5
    let world = World::new(&[]);
    let mut developer = signed_up(&world, "dev@example.test");
    let page = registered(&world, &mut developer, "device", "");
    assert!(page.contains("users enter a code on their phone"), "{page}");
    assert!(!page.contains("<code>vcs_"), "a public client has no secret: {page}");
    assert!(!page.contains("name=\"redirect_uris\""), "{page}");
    let client_id = id_on(&page);
    let (status, asked) = device_authorization(&world, &client_id);
    assert_eq!(status, 200, "{asked}");
    let mut user = signed_up(&world, "user@example.test");
    let approve = format!("/device?user_code={}", asked["user_code"].as_str().unwrap());
    let page = text(&user.get(&world, &approve));
    assert!(page.contains("Living room") && page.contains("hasn't been verified"), "{page}");
    let [csrf, user_code] = ["csrf", "user_code"].map(|name| field(&page, name).unwrap());
    let fields = [("csrf", csrf.as_str()), ("user_code", &user_code), ("decision", "allow")];
    assert_eq!(user.post(&world, "/device/decide", &fields).status, 200);
    let device_code = asked["device_code"].as_str().unwrap();
    let fields =
        [("grant_type", DEVICE_CODE), ("client_id", &client_id), ("device_code", device_code)];
    let tokens = json(&Browser::default().post(&world, "/token", &fields));
    assert_eq!(tokens["scope"], "openid offline_access", "{tokens}");
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", &client_id),
        ("refresh_token", refresh_token),
    ];
    let refreshed = Browser::default().post(&world, "/token", &fields);
    assert_eq!(refreshed.status, 200, "{}", text(&refreshed));
}

#[test]
fn an_app_for_devices_is_never_redirected_to() {
    // The field is hidden for a device. What was typed before the kind was chosen doesn't count.
    let world = World::new(&[]);
    let mut developer = signed_up(&world, "dev@example.test");
    let uri = "https://a.test/callback";
    let client_id = id_on(&registered(&world, &mut developer, "device", uri));
    let metadata = world.clients.get(&client_id).unwrap().metadata;
    assert!(metadata.redirect_uris.is_empty() && metadata.response_types.is_empty());
    let url = format!("/authorize?response_type=code&client_id={client_id}&redirect_uri={uri}");
    assert_eq!(developer.get(&world, &url).status, 400);
}

#[test]
fn an_app_for_devices_stays_one_when_it_is_saved() {
    let world = World::new(&[]);
    let mut developer = signed_up(&world, "dev@example.test");
    let page = registered(&world, &mut developer, "device", "");
    let client_id = id_on(&page);
    let csrf = csrf(&world, &mut developer);
    let metadata = field(&page, "metadata").unwrap();
    let fields = [
        ("csrf", csrf.as_str()),
        ("metadata", metadata.as_str()),
        ("action", "save"),
        ("name", "Kitchen"),
        ("scope", "openid offline_access"),
        ("kind", "confidential"),
    ];
    let saved = developer.post(&world, &format!("/developers/{client_id}"), &fields);
    assert!(text(&saved).contains("The app was saved"), "{}", text(&saved));
    assert!(world.clients.get(&client_id).unwrap().metadata.is_public());
    assert_eq!(device_authorization(&world, &client_id).0, 200);
}

#[test]
fn other_apps_need_a_redirect_uri_and_cannot_use_the_device_grant() {
    let world = World::new(&[]);
    let mut developer = signed_up(&world, "dev@example.test");
    for kind in ["confidential", "public"] {
        let fields = [("name", "Album"), ("redirect_uris", ""), ("kind", kind)];
        let refused = developer.submit(&world, "/developers", &fields);
        assert_eq!(refused.status, 422, "{kind}");
        let page = text(&refused);
        let chosen = format!("value=\"{kind}\" checked");
        assert!(page.contains("at least one redirect URI") && page.contains(&chosen), "{page}");
    }
    let uri = "https://a.test/callback";
    let client_id = id_on(&registered(&world, &mut developer, "public", uri));
    let (status, answer) = device_authorization(&world, &client_id);
    assert_eq!((status, &answer["error"]), (400, &"unauthorized_client".into()));
}
