//! Identities that are linked by an address, and addresses that move to another account.

use serde_json::{Value, json};
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::Response;

use super::cut_and_ask_at_once;
use super::identities::{KEY, PEOPLE, going, signed_in_with_acme, world_with};
use crate::attacks::access::{PASSWORD, signed_up};
use crate::support::World;
use crate::support::browser::{Browser, csrf, hidden_fields, text};
use crate::support::provider::TestProvider;

const EMAIL: &str = "dana@example.org";

fn verified() -> Value {
    json!({ "email": EMAIL, "email_verified": true })
}

fn sign_in(world: &World, password: &str) -> Response {
    let fields = [("email", EMAIL), ("password", password)];
    Browser::default().submit(world, "/sign-in", &fields)
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

/// A stranger has signed up with the address and never proved it. The provider vouches that it is the user's, who is
/// asked whether that account is theirs.
struct Contested {
    provider: TestProvider,
    stranger: Browser,
    browser: Browser,
    form: Vec<(String, String)>,
}

fn contested() -> (World, Contested) {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    let stranger = signed_up(&world, EMAIL);
    provider.tells(verified());
    let mut browser = Browser::default();
    let page = text(&provider.visit(&world, &mut browser, "/sign-in/acme"));
    let asked = |page: &str| {
        let mut form = hidden_fields(page);
        form.truncate(2);
        form
    };
    let form = asked(&page);
    let mut not_mine: Vec<(&str, &str)> = form.iter().map(|(n, v)| (&**n, &**v)).collect();
    not_mine.push(("decision", "not-mine"));
    let page = text(&browser.post(&world, "/sign-in", &not_mine));

    let mut form = asked(&page);
    form.push(("decision".to_owned(), "start-over".to_owned()));
    (world, Contested { provider, stranger, browser, form })
}

fn take(world: &World, given: &mut Contested) -> Response {
    let form: Vec<(&str, &str)> = given.form.iter().map(|(n, v)| (&**n, &**v)).collect();
    given.browser.post(world, "/sign-in", &form)
}

#[test]
fn whoever_takes_an_address_that_nobody_proved_has_it_in_the_end() {
    let (world, mut given) = contested();
    let taken = take(&world, &mut given);
    assert_eq!(taken.status, 303, "{}", text(&taken));
    let uncut = world.objects.outline(PEOPLE);
    cut_and_ask_at_once(
        contested,
        |world, given| take(world, given),
        |world, given, answered| {
            assert!(answered.is_none_or(|answered| answered.status == 303));
            let has_account = |world: &World, given: &mut Contested| {
                let page = text(&given.browser.get(world, "/account"));
                page.contains(EMAIL) && page.contains(KEY)
            };
            if !has_account(world, given) {
                let again = take(world, given);
                if again.status != 303 {
                    // Only the response was lost: the account has proven the address, and the user is asked to sign in.
                    assert!(text(&again).contains("Sign in to it"), "{}", text(&again));
                    given.provider.visit(world, &mut given.browser, "/sign-in/acme");
                }
            }
            assert!(has_account(world, given));
            world.advance(11);
            assert!(has_account(world, given));
            assert_eq!(world.objects.count(Class::Account), 2);
            let page = text(&given.stranger.get(world, "/account"));
            assert!(page.contains("now belongs to another account"), "{page}");
            assert_ne!(
                sign_in(world, PASSWORD).status,
                303,
                "the stranger's password is worth nothing"
            );
            let outline = world.objects.outline(PEOPLE);
            assert_eq!(outline.len(), uncut.len(), "{outline:?}");
        },
    );
}
