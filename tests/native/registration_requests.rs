//! Registrations as clients send them (RFC 7591, RFC 7592), and the scopes that they can have.

use serde_json::{Value, json};
use vestibule::endpoints::http::{Method, Response};

use crate::grant_properties::VERIFIER;
use crate::support::World;
use crate::support::browser::{Browser, answer, json as body, text};

const CALLBACK: &str = "https://app.example.test/callback";
const STANDARD: &str = "openid profile email address phone";

fn send(world: &World, method: Method, path: &str, metadata: &Value, token: &str) -> Response {
    let bearer = format!("Bearer {token}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    Browser::default().request(world, method, path, metadata.to_string(), &headers)
}

fn register(world: &World, more: Value) -> Value {
    let mut metadata = json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    let response = send(world, Method::Post, "/register", &metadata, "");
    assert_eq!(response.status, 201, "{}", text(&response));
    body(&response)
}

#[test]
fn an_update_with_null_or_empty_members_removes_them() {
    // RFC 7592 §2.2
    let world = World::new(&[]);
    let client = register(&world, json!({ "contacts": ["a@b.test"], "client_name": "App" }));
    let id = client["client_id"].as_str().unwrap();
    let (path, token) =
        (format!("/register/{id}"), client["registration_access_token"].as_str().unwrap());
    for empty in [json!(null), json!(""), json!([])] {
        let base = json!({ "client_id": id, "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none" });
        let (mut full, mut update) = (base.clone(), base);
        full["contacts"] = json!(["a@b.test"]);
        full["client_name"] = "App".into();
        let filled = send(&world, Method::Put, &path, &full, token);
        assert_eq!(body(&filled)["contacts"], json!(["a@b.test"]));
        for member in
            ["contacts", "client_name", "logo_uri", "scope", "first_party", "client_secret"]
        {
            update[member] = empty.clone();
        }
        // Unknown members may have any form.
        update["jwks"] = json!({ "keys": 5 });
        let update = if empty == json!([]) { without(&update, "client_secret") } else { update };
        let changed = send(&world, Method::Put, &path, &update, token);
        assert_eq!(changed.status, 200, "{empty}: {}", text(&changed));
        let changed = body(&changed);
        assert!(changed.get("contacts").is_none() && changed.get("client_name").is_none());
        assert_eq!(changed["scope"], STANDARD);
    }
}

fn without(object: &Value, member: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove(member);
    object
}

#[test]
fn an_update_is_not_a_way_around_the_secret() {
    // RFC 7592 §2.2: a secret that is sent must be the one that was issued
    let world = World::new(&[]);
    let client = register(&world, json!({ "token_endpoint_auth_method": "client_secret_basic" }));
    let id = client["client_id"].as_str().unwrap();
    let token = client["registration_access_token"].as_str().unwrap();
    for (secret, status) in [
        (json!(null), 200),
        (client["client_secret"].clone(), 200),
        (json!("another"), 400),
        (json!(5), 400),
        (json!(["another"]), 400),
    ] {
        let update =
            json!({ "client_id": id, "redirect_uris": [CALLBACK], "client_secret": secret });
        let response = send(&world, Method::Put, &format!("/register/{id}"), &update, token);
        assert_eq!(response.status, status, "{secret}");
    }
    let update = json!({ "client_id": [id], "redirect_uris": [CALLBACK] });
    assert_eq!(send(&world, Method::Put, &format!("/register/{id}"), &update, token).status, 400);
}

#[test]
fn an_unknown_member_of_an_update_may_be_nested_without_end() {
    // RFC 7591 §2
    let world = World::new(&[]);
    let client = register(&world, json!({}));
    let id = client["client_id"].as_str().unwrap();
    let token = client["registration_access_token"].as_str().unwrap();
    for odd in [format!("{}{}", "[".repeat(1000), "]".repeat(1000)), "1e400".to_owned()] {
        let update =
            format!(r#"{{"client_id":"{id}","redirect_uris":["{CALLBACK}"],"odd":{odd}}}"#);
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let path = format!("/register/{id}");
        let changed = Browser::default().request(&world, Method::Put, &path, update, &headers);
        assert_eq!(changed.status, 200, "{}", text(&changed));
    }
}

#[test]
fn an_empty_scope_is_omitted_and_a_client_can_always_ask_for_openid() {
    // RFC 7591 §2: "If omitted, an authorization server MAY register a client with a default set of scopes"
    let world = World::new(&[]);
    for scope in [json!(""), json!(" "), json!(null)] {
        assert_eq!(register(&world, json!({ "scope": scope }))["scope"], STANDARD);
    }
    let grants = json!(["authorization_code", "refresh_token"]);
    let client = register(&world, json!({ "scope": "", "grant_types": grants }));
    assert_eq!(client["scope"], format!("{STANDARD} offline_access"));
}

#[test]
fn a_scope_that_a_client_cannot_have_is_left_out_of_the_answer_and_logged() {
    // RFC 7591 §3.2.1, OpenID Connect Core §11
    let world = World::new(&[]);
    let client = register(&world, json!({ "scope": "openid offline_access photos" }));
    assert_eq!(client["scope"], "openid photos");
    let log = world.log.0.borrow().join("\n");
    let id = client["client_id"].as_str().unwrap();
    assert!(log.contains(id) && log.contains("offline_access"), "{log}");
    let alone = json!({ "redirect_uris": [CALLBACK], "scope": "offline_access" });
    let refused = send(&world, Method::Post, "/register", &alone, "");
    assert_eq!(
        (refused.status, &body(&refused)["error"]),
        (400, &json!("invalid_client_metadata"))
    );
}

#[test]
fn scopes_that_a_client_did_not_register_are_left_out_and_logged() {
    // RFC 6749 §3.3 and §5.1
    let mut world = World::new(&[]);
    let metadata = json!({ "scope": "openid offline_access",
        "grant_types": ["authorization_code", "refresh_token"] });
    let client = register(&world, metadata);
    let id = client["client_id"].as_str().unwrap();
    let mut browser = Browser::default();
    let person = [("email", "p@example.test"), ("password", "a long enough passphrase")];
    browser.submit(&world, "/sign-up", &person);
    let url = format!(
        "/authorize?response_type=code&client_id={id}&redirect_uri={CALLBACK}\
         &scope=photos.secret+email+offline_access\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    world.settings.development = false;
    let asked = browser.get(&world, &url);
    let log = world.log.0.borrow().join("\n");
    assert!(log.contains(id) && log.contains("email (1 more"), "{log}");
    assert!(!log.contains("photos.secret"), "the log has nothing that a caller sent: {log}");
    let page = asked.header("location").unwrap().to_owned();
    let allowed = browser.submit(&world, &page, &[("decision", "allow")]);
    let code = answer(&allowed, "code").expect("a code");
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(body(&browser.post(&world, "/token", &fields))["scope"], "offline_access");
}

#[test]
fn scopes_that_a_device_cannot_have_are_logged_too() {
    // RFC 8628 §3.1
    let world = World::new(&[]);
    let grants = json!(["urn:ietf:params:oauth:grant-type:device_code"]);
    let client = register(&world, json!({ "scope": "openid", "grant_types": grants }));
    let id = client["client_id"].as_str().unwrap();
    let ask = |scope: &str| {
        let fields = [("client_id", id), ("scope", scope)];
        Browser::default().post(&world, "/device_authorization", &fields).status
    };
    assert_eq!(ask("openid"), 200);
    assert!(world.log.0.borrow().is_empty());
    assert_eq!(ask("openid offline_access"), 200);
    let log = world.log.0.borrow().join("\n");
    assert!(log.contains(id) && log.contains("they were left out: offline_access"), "{log}");
    assert_eq!(ask("offline_access photos"), 400);
}

#[test]
fn a_uri_that_was_registered_can_be_sent_back_in_an_update() {
    // RFC 7592 §2.2: the client sends what the response says. There, each byte that isn't ASCII has three characters.
    let world = World::new(&[]);
    let metadata = |length: usize| {
        json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
            "client_uri": format!("https://app.example.test/{}", "ä".repeat(length)) })
    };
    let client = register(&world, metadata(300));
    let path = format!("/register/{}", client["client_id"].as_str().unwrap());
    let token = client["registration_access_token"].as_str().unwrap();
    let update = json!({ "client_id": client["client_id"], "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none", "client_uri": client["client_uri"] });
    let changed = send(&world, Method::Put, &path, &update, token);
    assert_eq!(changed.status, 200, "{}", text(&changed));
    assert_eq!(body(&changed)["client_uri"], client["client_uri"]);
    let refused = send(&world, Method::Post, "/register", &metadata(400), "");
    assert_eq!(refused.status, 400, "{}", text(&refused));
    assert_eq!(body(&refused)["error"], "invalid_client_metadata");
}
