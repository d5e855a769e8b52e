//! Identities that an address links to an account, and addresses that change hands.

use serde_json::{Value, json};
use vestibule::domain::machine::Class;

use super::cut_and_ask_at_once;
use super::identities::{KEY, going, signed_in_with_acme, world_with};
use crate::attacks::access::PASSWORD;
use crate::support::World;
use crate::support::browser::{Browser, csrf, text};
use crate::support::provider::TestProvider;

const EMAIL: &str = "dana@example.org";

fn verified() -> Value {
    json!({ "email": EMAIL, "email_verified": true })
}

/// An account that has proven its address and has a password, but no identity.
fn with_proven_address() -> (World, TestProvider) {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    provider.tells(verified());
    provider.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_000 });
    let mut browser = Browser::default();
    provider.visit(&world, &mut browser, "/sign-in/acme");
    let token = csrf(&world, &mut browser);
    let password = [("csrf", token.as_str()), ("new_password", PASSWORD)];
    assert_eq!(browser.post(&world, "/account/password", &password).status, 303);
    let token = csrf(&world, &mut browser);
    let unlink = [("csrf", token.as_str()), ("unlink", KEY), ("current_password", PASSWORD)];
    assert_eq!(browser.post(&world, "/account/identities", &unlink).status, 303);
    (world, provider)
}

#[test]
fn a_first_sign_in_with_an_identity_can_be_repeated_at_once_in_the_same_browser() {
    for profile in [verified(), json!({})] {
        cut_and_ask_at_once(
            || {
                let (world, provider) = world_with(json!({ "trust_email": true }));
                provider.tells(profile.clone());
                let mut browser = Browser::default();
                let callback = going(&world, &provider, &mut browser, "/sign-in/acme");
                (world, (provider, browser, callback))
            },
            |world, (_, browser, callback)| browser.get(world, callback),
            |world, (provider, browser, _), _| {
                provider.visit(world, browser, "/sign-in/acme");
                let page = text(&browser.get(world, "/account"));
                assert!(page.contains(KEY), "{page}");
                world.advance(11);
                assert!(
                    signed_in_with_acme(world, provider).is_some_and(|page| page.contains(KEY))
                );
                assert_eq!(world.objects.count(Class::Account), 1);
            },
        );
    }
}

#[test]
fn a_sign_in_that_links_by_the_address_can_be_repeated_at_once() {
    let (world, provider) = with_proven_address();
    signed_in_with_acme(&world, &provider);
    world.advance(11);
    let identifiers = world.objects.outline(&[Class::Identifier]);
    cut_and_ask_at_once(
        || {
            let (world, provider) = with_proven_address();
            let mut browser = Browser::default();
            let callback = going(&world, &provider, &mut browser, "/sign-in/acme");
            (world, (provider, browser, callback))
        },
        |world, (_, browser, callback)| browser.get(world, callback),
        |world, (provider, ..), _| {
            let page = signed_in_with_acme(world, provider).expect("signed in");
            assert!(page.contains(EMAIL) && page.contains(KEY), "{page}");
            world.advance(11);
            let page = signed_in_with_acme(world, provider).expect("signed in");
            assert!(page.contains(EMAIL) && page.contains(KEY));
            assert_eq!(world.objects.outline(&[Class::Identifier]), identifiers);
            assert_eq!(world.objects.count(Class::Account), 1);
        },
    );
}

#[test]
fn a_sign_in_that_adopts_an_address_can_be_repeated_at_once() {
    cut_and_ask_at_once(
        || {
            let (world, provider) = world_with(json!({ "trust_email": true }));
            signed_in_with_acme(&world, &provider).expect("an account without an address");
            provider.tells(verified());
            let mut browser = Browser::default();
            let callback = going(&world, &provider, &mut browser, "/sign-in/acme");
            (world, (provider, browser, callback))
        },
        |world, (_, browser, callback)| browser.get(world, callback),
        |world, (provider, ..), _| {
            let page = signed_in_with_acme(world, provider).expect("signed in");
            assert!(page.contains(EMAIL) && page.contains("Set a password"), "{page}");
            world.advance(11);
            let fields = [("email", EMAIL), ("password", PASSWORD)];
            let stranger = Browser::default().submit(world, "/sign-up", &fields);
            assert_ne!(stranger.status, 303, "the address is taken");
            assert_eq!(world.objects.count(Class::Account), 1);
            assert_eq!(world.objects.count(Class::Identifier), 2);
        },
    );
}
