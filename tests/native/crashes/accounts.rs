//! Creating and deleting accounts.

use vestibule::domain::machine::Class;

use super::{cut_and_ask_at_once, cut_everywhere, developer, is_signed_up};
use crate::attacks::access::{PASSWORD, app, refresh, tokens};
use crate::support::World;
use crate::support::browser::Browser;

#[test]
fn whoever_repeats_a_sign_up_that_was_cut_off_has_an_account_in_the_end() {
    let fields = [("name", "Pat"), ("email", "pat@example.test"), ("password", PASSWORD)];
    cut_and_ask_at_once(
        || (World::new(&[]), Browser::default()),
        |world, browser| browser.submit(world, "/sign-up", &fields),
        |world, browser, answered| {
            assert!(answered.is_none_or(|response| response.status == 303));
            if !is_signed_up(world, browser) {
                let again = browser.submit(world, "/sign-up", &fields);
                // If only the response was lost, the account exists.
                if again.status != 303 {
                    assert_eq!(browser.submit(world, "/sign-in", &fields[1..]).status, 303);
                }
            }
            assert!(is_signed_up(world, browser));
            let taken = Browser::default().submit(world, "/sign-up", &fields);
            assert_ne!(taken.status, 303, "a stranger doesn't get the address");
            assert_eq!(world.objects.count(Class::Account), 1, "one account was made");
        },
    );
}

#[test]
fn an_account_that_is_deleted_is_gone_with_its_address_and_its_grants_or_is_there() {
    let email = "person@example.test";
    let fields = [("current_password", PASSWORD)];
    cut_everywhere(
        || {
            let (world, mut browser) = developer();
            let client_id = app(&world, "openid offline_access", true);
            let scope = "&scope=openid+offline_access";
            let issued = tokens(&world, &mut browser, &client_id, scope);
            (world, (browser, client_id, issued))
        },
        |world, (browser, ..)| browser.submit(world, "/account/delete", &fields),
        |world, (browser, client_id, issued), answered| {
            if answered.is_none() {
                // Repeating the request finishes what the first one began.
                browser.submit(world, "/account/delete", &fields);
            }
            assert!(!is_signed_up(world, browser));
            assert!(refresh(world, client_id, issued)["access_token"].is_null());
            let again = [("name", "Pat"), ("email", email), ("password", PASSWORD)];
            let again = Browser::default().submit(world, "/sign-up", &again);
            assert_eq!(again.status, 303, "the address is free");
            // A repeated end is remembered while a code could be on its way.
            world.advance(60);
            assert_eq!(world.objects.count(Class::Grant), 0);
        },
    );
}

#[test]
fn an_account_with_nothing_left_is_not_woken_again_and_the_next_sign_in_sets_the_alarm() {
    let (world, mut browser) = developer();
    assert_eq!(world.objects.alarms(Class::Account), 1);
    world.advance(400 * 86_400);
    world.advance(8 * 86_400);
    assert_eq!(world.objects.alarms(Class::Account), 0);
    let fields = [("email", "person@example.test"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&world, "/sign-in", &fields).status, 303);
    assert_eq!(world.objects.alarms(Class::Account), 1);
}
