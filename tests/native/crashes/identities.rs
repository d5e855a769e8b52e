//! Linking and unlinking identities at providers.

use futures_lite::future::block_on;
use serde_json::{Value, json};
use vestibule::domain::identifier::{Claim, IdentifierError};
use vestibule::domain::machine::Class;
use vestibule::domain::time::Seconds;
use vestibule::endpoints::http::Response;
use vestibule::ports;

use super::{cut_and_ask_at_once, cut_everywhere};
use crate::attacks::access::{PASSWORD, signed_up};
use crate::support::browser::{Browser, answer, csrf, text};
use crate::support::provider::{SECRET, TestProvider, callback, setting};
use crate::support::{World, by_name};

pub const ISSUER: &str = "https://acme.example.com";
pub const KEY: &str = "identity/upstream:https://acme.example.com#dana";
/// The machines that store accounts and identities.
pub const PEOPLE: &[Class] = &[Class::Account, Class::Identifier];

pub fn world_with(provider: Value) -> (World, TestProvider) {
    let world = World::new(&[("PROVIDERS", &setting(ISSUER, provider)), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    // The provider's metadata and keys are cached, because a response for another server was verified.
    provider.says.borrow_mut().id_token = json!({ "aud": "another client" });
    provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    provider.says.borrow_mut().id_token = json!({});
    (world, provider)
}

/// The user goes to the provider. Returns the URL of the redirect back.
pub fn going(world: &World, provider: &TestProvider, browser: &mut Browser, page: &str) -> String {
    let (state, _) = provider.go(world, browser, page);
    callback(&[("code", "a code"), ("state", &state), ("iss", ISSUER)])
}

/// The account page of the account to which the identity leads, if there is one.
pub fn signed_in_with_acme(world: &World, provider: &TestProvider) -> Option<String> {
    let mut browser = Browser::default();
    provider.visit(world, &mut browser, "/sign-in/acme");
    let page = browser.get(world, "/account");
    (page.status == 200).then(|| text(&page))
}

/// A user who returns from the provider to link the identity.
struct Linking {
    provider: TestProvider,
    browser: Browser,
    callback: String,
}

fn going_to_link(world: &World, provider: &TestProvider, browser: &mut Browser) -> String {
    let csrf = csrf(world, browser);
    let link = [("csrf", csrf.as_str()), ("link", "acme"), ("current_password", PASSWORD)];
    let there = browser.post(world, "/account/identities", &link);
    provider.expects(&there);
    let state = answer(&there, "state").unwrap();
    callback(&[("code", "a code"), ("state", &state), ("iss", ISSUER)])
}

fn linking() -> (World, Linking) {
    let (world, provider) = world_with(json!({}));
    let mut browser = signed_up(&world, "person@example.test");
    let callback = going_to_link(&world, &provider, &mut browser);
    (world, Linking { provider, browser, callback })
}

fn linked() -> (World, Linking) {
    let (world, mut given) = linking();
    assert_eq!(given.browser.get(&world, &given.callback).status, 303);
    (world, given)
}

fn link(world: &World, given: &mut Linking) -> Response {
    let callback = going_to_link(world, &given.provider, &mut given.browser);
    given.browser.get(world, &callback)
}

fn unlink(world: &World, given: &mut Linking) -> Response {
    let csrf = csrf(world, &mut given.browser);
    send_unlink(world, given, &csrf)
}

fn send_unlink(world: &World, given: &mut Linking, csrf: &str) -> Response {
    let unlink = [("csrf", csrf), ("unlink", KEY), ("current_password", PASSWORD)];
    given.browser.post(world, "/account/identities", &unlink)
}

fn is_listed(world: &World, browser: &mut Browser) -> bool {
    text(&browser.get(world, "/account")).contains(KEY)
}

fn leads_here(world: &World, provider: &TestProvider) -> bool {
    signed_in_with_acme(world, provider).is_some_and(|page| page.contains("person@example.test"))
}

#[test]
fn an_identity_that_is_linked_is_in_the_list_and_signs_in_and_can_be_linked_again() {
    cut_everywhere(
        linking,
        |world, given| given.browser.get(world, &given.callback),
        |world, given, answered| {
            let is_linked = is_listed(world, &mut given.browser);
            assert!(answered.is_none() || is_linked);
            if is_linked {
                assert!(leads_here(world, &given.provider));
            }
            assert_eq!(link(world, given).status, 303);
            assert!(is_listed(world, &mut given.browser) && leads_here(world, &given.provider));
            assert_eq!(world.objects.count(Class::Account), 1);
        },
    );
}

#[test]
fn whoever_links_again_before_the_alarm_leaves_what_an_uncut_run_leaves() {
    let (world, _) = linked();
    let uncut = world.objects.outline(PEOPLE);
    cut_and_ask_at_once(
        linking,
        |world, given| given.browser.get(world, &given.callback),
        |world, given, _| {
            assert_eq!(link(world, given).status, 303);
            world.advance(11);
            assert_eq!(world.objects.outline(PEOPLE), uncut);
            assert!(is_listed(world, &mut given.browser) && leads_here(world, &given.provider));
        },
    );
}

#[test]
fn an_identity_whose_linking_was_cut_off_is_free_when_its_claim_lapses_unless_it_is_linked() {
    cut_everywhere(
        linking,
        |world, given| given.browser.get(world, &given.callback),
        |world, given, _| {
            world.advance(5 * 60);
            let page = signed_in_with_acme(world, &given.provider).expect("an account");
            let is_linked = is_listed(world, &mut given.browser);
            assert_eq!(page.contains("person@example.test"), is_linked);
            let accounts = if is_linked { 1 } else { 2 };
            assert_eq!(world.objects.count(Class::Account), accounts);
        },
    );
}

#[test]
fn an_identity_that_is_unlinked_is_in_no_list_and_signs_in_to_no_account_or_is_linked_still() {
    cut_everywhere(
        || {
            let (world, mut given) = linked();
            let csrf = csrf(&world, &mut given.browser);
            (world, (given, csrf))
        },
        |world, (given, csrf)| send_unlink(world, given, csrf),
        |world, (given, _), answered| {
            let is_linked = is_listed(world, &mut given.browser);
            assert!(answered.is_none() || !is_linked);
            if is_linked {
                assert!(leads_here(world, &given.provider));
            }
            let again = unlink(world, given);
            assert_eq!(
                again.header("location").map(|to| to.ends_with("done=unlinked")),
                Some(true)
            );
            assert!(!is_listed(world, &mut given.browser));
            assert!(world.objects.outline(&[Class::Identifier]).len() == 1, "the address");
            // The identity is free, so it gets its own account.
            let page = signed_in_with_acme(world, &given.provider).expect("an account");
            assert!(!page.contains("person@example.test"));
        },
    );
}

#[test]
fn an_identity_that_was_unlinked_signs_nobody_in_to_the_account_before_the_alarm_either() {
    cut_and_ask_at_once(
        || {
            let (world, mut given) = linked();
            let csrf = csrf(&world, &mut given.browser);
            (world, (given, csrf))
        },
        |world, (given, csrf)| send_unlink(world, given, csrf),
        |world, (given, _), _| {
            let is_linked = is_listed(world, &mut given.browser);
            assert_eq!(leads_here(world, &given.provider), is_linked);
        },
    );
}

#[test]
fn whoever_links_at_once_what_an_unlinking_that_was_cut_off_released_stays_linked() {
    cut_and_ask_at_once(
        || {
            let (world, mut given) = linked();
            let csrf = csrf(&world, &mut given.browser);
            (world, (given, csrf))
        },
        |world, (given, csrf)| send_unlink(world, given, csrf),
        |world, (given, _), _| {
            assert_eq!(link(world, given).status, 303);
            world.advance(11);
            world.advance(5 * 60);
            assert!(is_listed(world, &mut given.browser) && leads_here(world, &given.provider));
        },
    );
}

#[test]
fn whoever_repeats_a_claim_holds_the_name_as_long_as_at_first() {
    let world = World::new(&[]);
    let claim = |account: &str| {
        let command = Claim(account.to_owned());
        let name = by_name("upstream:a#b");
        block_on(ports::send(&world.ports(), &name, command, Seconds(0))).unwrap()
    };
    assert_eq!(claim("a"), Ok(()));
    world.advance(4 * 60);
    assert_eq!(claim("a"), Ok(()));
    world.advance(4 * 60);
    assert_eq!(claim("b"), Err(IdentifierError::Taken));
    world.advance(60);
    assert_eq!(claim("b"), Ok(()));
}
