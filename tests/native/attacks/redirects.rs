//! Attacks that use the server as an open redirector (RFC 9700 §4.11.2).

use serde_json::json;

use super::access::{self, CALLBACK, CHALLENGE, signed_up};
use crate::support::World;
use crate::support::browser::{Browser, answer, text};
use crate::support::provider::{SECRET, TestProvider, setting};

const EVIL: &str = "https://evil.example.test/landing";

fn evil(world: &World) -> String {
    let metadata = json!({ "redirect_uris": [EVIL], "post_logout_redirect_uris": [EVIL],
        "token_endpoint_auth_method": "none", "client_name": "Evil" });
    access::register(world, &metadata)
}

#[test]
fn a_wrong_request_of_an_unknown_app_leads_a_browser_to_it() {
    let world = World::new(&[]);
    let client = evil(&world);
    let wrong =
        |more: &str| format!("/authorize?client_id={client}&redirect_uri={EVIL}&state=s{more}");
    let right = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256&scope=openid");
    for more in [
        "&response_type=token".to_owned(),
        format!("&response_type=code&scope=unknown&code_challenge={CHALLENGE}"),
        "&response_type=code&response_mode=nonsense".to_owned(),
        "&response_type=code&response_mode=form_post&prompt=nonsense".to_owned(),
        format!("&response_type=code&prompt=none+login{right}"),
        format!("&response_type=code&claims=nonsense{right}"),
        format!("&response_type=code&id_token_hint=junk{right}"),
        "&response_type=code&request=jwt".to_owned(),
    ] {
        let page = Browser::default().get(&world, &wrong(&more));
        assert_eq!((page.status, page.header("location")), (400, None), "{more}");
        let html = text(&page);
        assert!(html.contains("evil.example.test") && html.contains("verified"), "{html}");
        assert!(!html.contains("<script"), "the form doesn't submit itself");
    }
    // A forged session cookie doesn't count as signed in.
    let mut forged = Browser::default();
    forged.cookies.insert("__Host-session".to_owned(), "vse_AAAA".to_owned());
    assert_eq!(forged.get(&world, &wrong("&response_type=token")).status, 400);
    // A signed-in user has authenticated first, and `prompt=none` is exempt.
    let mut signed_in = signed_up(&world, "person@example.test");
    let told = signed_in.get(&world, &wrong("&response_type=token"));
    assert_eq!(answer(&told, "error").as_deref(), Some("unsupported_response_type"));
    let silent = Browser::default().get(&world, &wrong("&response_type=token&prompt=none"));
    assert_eq!(answer(&silent, "error").as_deref(), Some("unsupported_response_type"));
}

#[test]
fn an_app_that_someone_vouches_for_is_told_by_redirect() {
    let world = World::new(&[]);
    let client = access::app(&world, "openid", true);
    let url = format!("/authorize?client_id={client}&redirect_uri={CALLBACK}&response_type=token");
    let told = Browser::default().get(&world, &url);
    assert_eq!(answer(&told, "error").as_deref(), Some("unsupported_response_type"));
}

#[test]
fn a_sign_out_leads_a_browser_to_an_unknown_app() {
    let world = World::new(&[]);
    let client = evil(&world);
    let url = format!("/end_session?client_id={client}&post_logout_redirect_uri={EVIL}");
    let page = Browser::default().get(&world, &url);
    assert_eq!((page.status, page.header("location")), (200, None));
    assert!(text(&page).contains("Takes you back to <strong>evil.example.test</strong>"));
    // An ID token of the attacker's own account makes no difference.
    let mut attacker = signed_up(&world, "attacker@example.test");
    let response = attacker.get(
        &world,
        &format!(
            "/authorize?response_type=code&client_id={client}&redirect_uri={EVIL}&scope=openid\
             &code_challenge={CHALLENGE}&code_challenge_method=S256"
        ),
    );
    let consent = response.header("location").unwrap().to_owned();
    let allowed = attacker.submit(&world, &consent, &[("decision", "allow")]);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client.as_str()),
        ("code", &answer(&allowed, "code").unwrap()),
        ("redirect_uri", EVIL),
        ("code_verifier", crate::grant_properties::VERIFIER),
    ];
    let tokens = crate::support::browser::json(&Browser::default().post(&world, "/token", &fields));
    let hint = tokens["id_token"].as_str().unwrap();
    let with_hint = Browser::default().get(&world, &format!("{url}&id_token_hint={hint}"));
    assert_eq!((with_hint.status, with_hint.header("location")), (200, None));
    // A user of the app who signs out of it is redirected back to it.
    let out = attacker.get(&world, &format!("{url}&id_token_hint={hint}"));
    assert_eq!(out.header("location"), Some(EVIL));
}

#[test]
fn a_link_from_the_attackers_own_sign_out_redirects_anyone_anywhere_for_ever() {
    let issuer = "https://acme.example.com";
    let providers = setting(issuer, json!({ "upstream_logout": true }));
    let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
    let provider = TestProvider::new(&world, issuer);
    let metadata = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "userinfo_endpoint": format!("{issuer}/me"),
        "jwks_uri": format!("{issuer}/keys"), "end_session_endpoint": format!("{issuer}/logout"),
    })
    .to_string();
    let address = format!("{issuer}/.well-known/openid-configuration");
    world.internet.on(&address, move |_| crate::support::internet::json(&metadata));
    let mut attacker = Browser::default();
    provider.visit(&world, &mut attacker, "/sign-in/acme");
    let app = evil(&world);
    let url = format!("/end_session?client_id={app}&post_logout_redirect_uri={EVIL}");
    let asked = attacker.get(&world, &url);
    assert_eq!(asked.status, 200);
    let out = attacker.submit(&world, &url, &[]);
    let state = answer(&out, "state").expect("the way to the provider");
    let back = format!("/signed-out/acme?state={state}");
    let of = |browser: &mut Browser| {
        browser.get(&world, &back).header("location").unwrap_or_default().to_owned()
    };
    assert!(of(&mut Browser::default()).ends_with("/signed-out"), "another browser");
    assert_eq!(of(&mut attacker.clone_cookies()), EVIL);
    world.advance(31 * 60);
    assert!(of(&mut attacker).ends_with("/signed-out"), "too late");
}

#[test]
fn the_question_whether_to_sign_out_hides_who_asks() {
    let world = World::new(&[]);
    let mut user = signed_up(&world, "user@example.test");
    let app = evil(&world);
    let url = format!("/end_session?client_id={app}&post_logout_redirect_uri={EVIL}");
    let page = text(&user.get(&world, &url));
    assert!(page.contains("Takes you back to <strong>evil.example.test</strong>"), "{page}");
    assert!(page.contains("This app hasn't been verified"), "{page}");
}
