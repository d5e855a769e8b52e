//! Authorization responses of a provider (RFC 6749 §4.1.2) in any encoding.

use serde_json::json;
use vestibule::endpoints::http::Method;

use crate::support::World;
use crate::support::browser::{Browser, text};
use crate::support::provider::{SECRET, TestProvider, setting};

const ISSUER: &str = "https://acme.example.com";

fn world() -> (World, TestProvider) {
    let world = World::new(&[("PROVIDERS", &setting(ISSUER, json!({}))), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    (world, provider)
}

#[test]
fn an_error_text_in_another_encoding_leads_to_a_page_that_offers_another_try() {
    // RFC 6749 §4.1.2.1
    let (world, provider) = world();
    for (error, status) in [
        ("error=access_denied&error_description=Acc%E8s+refus%E9", 403),
        ("error=server_error&error_description=100%+sure%00&error_uri=%E9", 503),
        ("error=%E9&error_description=a&error_description=b", 400),
    ] {
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        let page =
            browser.get(&world, &format!("/callback/acme?state={state}&iss={ISSUER}&{error}"));
        assert_eq!(page.status, status, "{error}");
        assert!(text(&page).contains("Continue with Acme"), "{error}: {}", text(&page));
    }
    // By a form (OAuth 2.0 Form Post Response Mode)
    let mut browser = Browser::default();
    let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
    let form = format!("state={state}&iss={ISSUER}&error=access_denied&error_description=%E9");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let posted = browser.request(&world, Method::Post, "/callback/acme", form, &headers);
    let page = browser.get(&world, posted.header("location").unwrap());
    assert_eq!(page.status, 403, "{}", text(&page));
}

#[test]
fn the_parameters_that_bind_a_response_are_parsed_strictly_in_any_encoding() {
    // RFC 9207 §2.4, RFC 6749 §10.12
    let (world, provider) = world();
    for bent in ["iss=%E9&code=c", "iss=ISSUER&iss=%E9&code=c", "iss=ISSUER&code=c&code=%E9"] {
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        let bent = bent.replace("ISSUER", ISSUER);
        let page = browser.get(&world, &format!("/callback/acme?state={state}&{bent}"));
        assert!(matches!(page.status, 400 | 502), "{bent}");
        assert!(!browser.cookies.contains_key("__Host-session"));
    }
    assert_eq!(world.internet.count(&format!("{ISSUER}/token")), 0);
}
