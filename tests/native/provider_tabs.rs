//! Several simultaneous sign-ins at providers in one browser.

use crate::attacks::access::{app, authorize_url, signed_up};
use crate::outdated_forms::{open, world};
use crate::support::browser::{Browser, text};
use crate::support::provider::callback;

const ISSUER: &str = "https://acme.example.com";
const A: &str = "a@example.test";

#[test]
fn cookies_of_many_tabs_at_once_are_read_and_removed_by_the_next_sign_in() {
    let (world, provider) = world();
    let client_id = app(&world, "openid", false);
    let mut browser = signed_up(&world, A);
    let mut all = browser.cookies.clone();
    world.advance(1);
    for tab in 0..5 {
        // Each tab starts before the other tabs' cookies have arrived.
        let mut tab_browser = browser.clone_cookies();
        let long = "s".repeat(1_900);
        let more = format!("&scope=openid&prompt=login&nonce={long}&ui_locales={tab}");
        let page = open(&world, &mut tab_browser, &authorize_url(&client_id, &more));
        let way = page.split("href=\"").find(|link| link.contains("/sign-in/acme?flow=")).unwrap();
        provider.go(&world, &mut tab_browser, way.split('"').next().unwrap());
        all.extend(tab_browser.cookies);
        world.advance(1);
    }
    let bytes = |cookies: &std::collections::BTreeMap<String, String>| -> usize {
        cookies.iter().map(|(name, value)| name.len() + value.len()).sum()
    };
    assert!(bytes(&all) > 16_384, "{} bytes are enough for the test", bytes(&all));
    browser.cookies = all;
    assert_eq!(browser.get(&world, "/account").status, 200, "the session is still read");
    provider.go(&world, &mut browser, "/sign-in/acme");
    assert!(bytes(&browser.cookies) < 7_000, "{} bytes stay", bytes(&browser.cookies));
}

#[test]
fn two_tabs_sign_in_at_one_provider_at_once() {
    // The cookie of the first sign-in stays beside the second one's
    let (world, provider) = world();
    let mut browser = Browser::default();
    let mut begun = Vec::new();
    for _ in 0..2 {
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        begun.push((state, provider.nonce.borrow().clone()));
        world.advance(1);
    }
    for (state, nonce) in begun {
        provider.nonce.replace(nonce);
        let query = [("code", "a code"), ("state", state.as_str()), ("iss", ISSUER)];
        let answer = browser.get(&world, &callback(&query));
        assert_eq!(answer.status, 303, "{}", text(&answer));
        let again = browser.get(&world, &callback(&query));
        assert_eq!(again.status, 400, "an answer counts once");
        assert!(text(&again).contains("href="), "there is a way on");
    }
    assert!(browser.cookies.keys().all(|name| !name.contains("upstream")), "nothing is left");
}

#[test]
fn a_browser_keeps_at_most_four_sign_ins_and_drops_the_oldest() {
    let (world, provider) = world();
    let mut browser = Browser::default();
    let mut states = Vec::new();
    for _ in 0..9 {
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        states.push((state, provider.nonce.borrow().clone()));
        world.advance(1);
        let kept = browser.cookies.keys().filter(|name| name.contains("upstream")).count();
        assert!(kept <= 4, "{kept} are kept");
    }
    for (index, (state, nonce)) in states.into_iter().enumerate() {
        provider.nonce.replace(nonce);
        let query = [("code", "a code"), ("state", state.as_str()), ("iss", ISSUER)];
        let answer = browser.get(&world, &callback(&query));
        assert_eq!(answer.status, if index < 5 { 400 } else { 303 }, "sign-in {index}");
    }
}

#[test]
fn large_sign_ins_stay_within_what_a_header_carries() {
    let (world, provider) = world();
    let client_id = app(&world, "openid", false);
    let mut browser = Browser::default();
    for _ in 0..4 {
        let state = "s".repeat(1_500);
        let page = text(
            &browser
                .get(&world, &authorize_url(&client_id, &format!("&scope=openid&nonce={state}"))),
        );
        let way = page.split("href=\"").find(|link| link.contains("/sign-in/acme?flow=")).unwrap();
        provider.go(&world, &mut browser, way.split('"').next().unwrap());
        world.advance(1);
        let bytes: usize =
            browser.cookies.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(bytes < 7_000, "{bytes} bytes of cookies");
    }
}
