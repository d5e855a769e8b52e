//! Attacks that guess passwords or addresses, or waste the server's CPU time.

use vestibule::domain::machine::{Before, Command, Next};
use vestibule::domain::throttle::{GiveBack, Guess, Limit, Spent, Throttle};
use vestibule::domain::time::Seconds;

use super::access::{PASSWORD, signed_up};
use crate::support::browser::Browser;
use crate::support::{START, SeededEntropy, World};

#[test]
fn sign_ups_beyond_the_limit_cost_as_much_as_those_within() {
    // The attack: each refused POST costs an Argon2id hash. Each hash draws a salt, so the test checks that a refused
    // sign-up draws none.
    let world = World::new(&[("SIGN_UPS_PER_HOUR", "1")]);
    signed_up(&world, "first@example.test");
    let fields = [("email", "second@example.test"), ("password", PASSWORD)];
    let mut browser = Browser::default();
    browser.get(&world, "/sign-up");
    let before = world.entropy.drawn();
    let refused = browser.submit(&world, "/sign-up", &fields);
    assert_eq!(refused.status, 422);
    assert_eq!(world.entropy.drawn() - before, 0, "no salt was drawn");
}

#[test]
fn right_passwords_without_end_keep_the_server_hashing() {
    fn send<C: Command<Machine = Throttle>>(state: &mut Option<Spent>, command: C) -> bool {
        let before = Before { state: state.clone(), rows: <_>::default() };
        let step = command.decide(before, START, &*SeededEntropy::new());
        if let Next::Remembered(spent) | Next::Written(spent) = step.change.next {
            *state = Some(spent);
        }
        step.reply.is_ok()
    }
    let limit = Limit { tries: 3, per: Seconds(3600), guesses: Some(5) };
    let mut state = None;
    for _ in 0..5 {
        assert!(send(&mut state, Guess(limit)));
        assert!(send(&mut state, GiveBack(limit)));
    }
    assert!(!send(&mut state, Guess(limit)), "right ones count against a limit of their own");
}

#[test]
fn a_network_signs_in_more_often_than_any_household_does() {
    let world = World::new(&[("SIGN_INS_PER_HOUR", "3")]);
    signed_up(&world, "person@example.test");
    let fields = [("email", "person@example.test"), ("password", PASSWORD)];
    let sign_in = || Browser::default().submit(&world, "/sign-in", &fields).status;
    assert_eq!([sign_in(), sign_in(), sign_in(), sign_in()], [303, 303, 303, 429]);
    world.advance(3600);
    assert_eq!(sign_in(), 303);
}

#[test]
fn the_time_of_a_first_probe_tells_whether_an_address_has_an_account() {
    // Both failures get their response a whole second after the request, with the same number of calls.
    let world = World::new(&[]);
    signed_up(&world, "person@example.test");
    let probe = |email: &str| {
        let mut browser = Browser::default();
        browser.get(&world, "/sign-in");
        let before = world.objects.calls.get();
        let fields = [("email", email), ("password", "wrong wrong wrong")];
        assert_eq!(browser.submit(&world, "/sign-in", &fields).status, 422);
        (world.objects.calls.get() - before, world.timer.0.borrow().last().copied())
    };
    let (with, without) = (probe("person@example.test"), probe("nobody@example.test"));
    assert_eq!(with, without);
    assert_eq!(with.1, Some(START.plus(Seconds(1))));
    let waited = world.timer.0.borrow().len();
    let fields = [("email", "person@example.test"), ("password", PASSWORD)];
    assert_eq!(Browser::default().submit(&world, "/sign-in", &fields).status, 303);
    assert_eq!(world.timer.0.borrow().len(), waited, "a right password isn't delayed");
}
