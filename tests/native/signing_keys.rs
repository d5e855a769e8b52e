//! How isolates use the signing keys: even if the clock is set back, a ring with a key signs, and the number of keys
//! stays limited.

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_lite::future::block_on;
use proptest::prelude::*;
use serde_json::json;
use vestibule::domain::key_ring::MAX_KEYS;
use vestibule::domain::time::Seconds;
use vestibule::ports::{Clock, Signer};
use vestibule::protocol::client_metadata::SigningAlgorithm::{ES256, RS256};

use crate::attacks::access::{app, claims, refresh, signed_up, tokens, userinfo};
use crate::clocks::{DAY, EMAIL, SCOPE, cases, set_back, signed_in};
use crate::secret_rotation::deployment;
use crate::support::{START, World};

/// How many keys the ring has, and how many were created in all.
fn keys(world: &World) -> (usize, usize) {
    (world.keys.published().keys.len(), world.keys.crypto.made.get())
}

#[test]
fn a_key_ring_with_a_key_signs_even_if_the_clock_was_set_back_after_its_first_start() {
    for (seconds, restarts) in cases() {
        let world = World::new(&[]);
        let client_id = app(&world, "openid offline_access", true);
        let mut browser = signed_up(&world, EMAIL);
        let before = tokens(&world, &mut browser, &client_id, SCOPE);
        assert_eq!(keys(&world), (2, 2), "one for each algorithm");
        set_back(&world, seconds, restarts);
        for _ in 0..20 {
            let issued = tokens(&world, &mut browser, &client_id, SCOPE);
            let now = world.clock.now().seconds();
            // RFC 7519 §4.1: the times in a token are those of the clock.
            for (token, lives) in [("id_token", 3600), ("access_token", 600)] {
                let claims = claims(&issued[token]);
                assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + lives)));
            }
            assert!(userinfo(&world, &issued)["sub"].is_string(), "{seconds} {restarts}");
            assert!(refresh(&world, &client_id, &issued)["access_token"].is_string());
            if restarts {
                world.restart();
            }
            world.advance(1);
        }
        assert!(userinfo(&world, &before)["sub"].is_string(), "what was signed before verifies");
        assert_eq!(keys(&world), (2, 2), "{seconds} {restarts}");
        // The keys of the first start sign as long as they would have.
        world.advance(seconds + 27 * DAY);
        tokens(&world, &mut signed_in(&world), &client_id, SCOPE);
        assert_eq!(keys(&world), (2, 2), "{seconds} {restarts}");
    }
}

#[test]
fn a_clock_that_was_briefly_months_ahead_leaves_a_key_that_signs() {
    for (days, restarts) in [(1, false), (1, true), (100, false), (100, true)] {
        let world = World::new(&[]);
        let client_id = app(&world, "openid offline_access", true);
        let mut browser = signed_up(&world, EMAIL);
        tokens(&world, &mut browser, &client_id, SCOPE);
        world.advance(days * DAY);
        block_on(world.signer.keys(ES256)).unwrap();
        set_back(&world, days * DAY, restarts);
        let made = world.keys.crypto.made.get();
        for _ in 0..3 {
            let issued = tokens(&world, &mut signed_in(&world), &client_id, SCOPE);
            assert_eq!(claims(&issued["id_token"])["iat"], world.clock.now().seconds());
            assert!(userinfo(&world, &issued)["sub"].is_string());
            world.restart();
        }
        assert_eq!(world.keys.crypto.made.get(), made);
        assert!(made <= 4);
    }
}

#[test]
fn no_key_is_asked_for_while_the_clock_is_behind_the_ring_and_the_published_keys_are_gone() {
    for (seconds, restarts) in cases() {
        let world = World::new(&[]);
        block_on(world.signer.keys(ES256)).unwrap();
        set_back(&world, seconds, restarts);
        for _ in 0..100 {
            world.keys.lists.lists.borrow_mut().clear();
            world.restart();
            let keys = block_on(world.signer.keys(RS256)).unwrap();
            assert!(keys.signing_key(RS256, world.clock.now()).is_some());
            assert!(keys.signing_key(ES256, world.clock.now()).is_some());
            world.advance(1);
        }
        assert_eq!(world.keys.crypto.made.get(), 2);
    }
}

#[test]
fn a_key_that_replaced_one_of_another_secret_still_signs_when_the_clock_is_set_back() {
    for (seconds, restarts) in cases() {
        let mut world = World::new(&[]);
        block_on(world.signer.keys(ES256)).unwrap();
        world.advance(DAY);
        world.set_sealer(deployment("b"));
        let kid = |world: &World| {
            let keys = block_on(world.signer.keys(ES256)).unwrap();
            keys.signing_key(ES256, world.clock.now()).unwrap().public.kid.clone()
        };
        let (replacing, made) = (kid(&world), world.keys.crypto.made.get());
        set_back(&world, seconds, restarts);
        for _ in 0..20 {
            world.keys.forget();
            assert_eq!(kid(&world), replacing);
        }
        assert_eq!(world.keys.crypto.made.get(), made);
    }
}

#[test]
fn a_ring_whose_key_was_lost_in_a_crash_asks_again_though_the_clock_was_set_back_a_day() {
    let world = World::new(&[]);
    world.keys.crypto.hangs.set(true);
    {
        let mut crashed = pin!(world.signer.keys(ES256));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(crashed.as_mut().poll(&mut context), Poll::Pending));
    }
    world.keys.crypto.hangs.set(false);
    set_back(&world, DAY, true);
    let waited = (0..20).find(|_| {
        world.advance(10);
        block_on(world.signer.keys(ES256)).is_ok()
    });
    assert!(waited.is_some_and(|tens| tens < 6), "{waited:?}");
}

#[test]
fn secrets_that_change_while_the_clock_stands_push_out_no_key_that_may_be_cached() {
    let mut world = World::new(&[]);
    world.set_sealer(deployment("a"));
    let mut taken = Vec::new();
    for name in ('a'..='z').map(|name| name.to_string()) {
        world.set_sealer(deployment(&name));
        if let Ok(keys) = block_on(world.signer.keys(ES256)) {
            taken.push(keys.signing_key(ES256, world.clock.now()).unwrap().public.kid.clone());
        }
    }
    assert_eq!(taken.len(), MAX_KEYS);
    let published = world.keys.published();
    assert!(taken.iter().all(|kid| published.find(kid, world.clock.now()).is_some()));
    // Later the newest secret has its key.
    world.advance(10 * 60);
    block_on(world.signer.keys(ES256)).unwrap();
}

#[test]
fn a_request_that_was_abandoned_while_it_made_a_key_stops_nobody() {
    let mut world = World::new(&[]);
    block_on(world.signer.keys(ES256)).unwrap();
    world.set_sealer(deployment("b"));
    world.keys.crypto.hangs.set(true);
    let mut abandoned = pin!(world.signer.keys(ES256));
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(abandoned.as_mut().poll(&mut context), Poll::Pending));
    world.keys.crypto.hangs.set(false);
    // The clock is set back, and the wait ends nevertheless.
    world.clock.set_back(DAY);
    assert!(block_on(world.signer.keys(ES256)).is_ok());
    let waits = world.keys.timer.0.borrow().len();
    assert_eq!(waits, 400, "20 seconds, 50 milliseconds each");
}

#[test]
fn a_request_that_is_dropped_while_it_makes_a_key_lets_the_next_one_make_it_at_once() {
    let mut world = World::new(&[]);
    block_on(world.signer.keys(ES256)).unwrap();
    world.set_sealer(deployment("b"));
    world.keys.crypto.hangs.set(true);
    {
        let mut dropped = pin!(world.signer.keys(ES256));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(dropped.as_mut().poll(&mut context), Poll::Pending));
    }
    world.keys.crypto.hangs.set(false);
    assert!(block_on(world.signer.keys(ES256)).is_ok());
    assert!(world.keys.timer.0.borrow().is_empty(), "nobody waits");
}

#[test]
fn what_an_isolate_has_read_is_not_kept_longer_by_a_clock_that_is_set_back() {
    let world = World::new(&[]);
    world.advance(100);
    let first = block_on(world.signer.keys(ES256)).unwrap();
    let second = block_on(world.signer.keys(ES256)).unwrap();
    assert!(Rc::ptr_eq(&first, &second), "they are cached");
    world.clock.set_back(60);
    let third = block_on(world.signer.keys(ES256)).unwrap();
    assert!(!Rc::ptr_eq(&first, &third), "they are read again");
    // The other caches use `Timestamp::is_within`.
    let (read_at, kept_for) = (START.plus(Seconds(100)), Seconds(60));
    let is_kept = |seconds| START.plus(Seconds(seconds)).is_within(kept_for, read_at);
    assert_eq!([40, 99, 100, 159, 160].map(is_kept), [false, false, true, true, false]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..<_>::default() })]

    /// For any changes of the clock and any restarts.
    #[test]
    fn no_clock_makes_keys_without_end_or_stops_signing(
        steps in prop::collection::vec((-200_000_i32..400_000, any::<bool>()), 1..60),
    ) {
        let world = World::new(&[]);
        let mut latest = START;
        for (step, restarts) in steps {
            match u32::try_from(step) {
                Ok(forward) => world.advance(forward),
                Err(_) => world.clock.set_back(step.unsigned_abs()),
            }
            if restarts {
                world.restart();
            }
            let now = world.clock.now();
            latest = latest.max(now);
            let keys = block_on(world.signer.keys(ES256)).unwrap();
            let pair = keys.signing_key(ES256, now).unwrap();
            let signature = block_on(world.signer.sign(pair, b"input")).unwrap();
            let public = keys.find(&pair.public.kid, now).expect("the key is published");
            prop_assert!(block_on(world.signer.verify(public, b"input", &signature)).unwrap());
        }
        // For each algorithm: one key at the start, its successor, and one for each 28 days, because time in the ring
        // hardly runs faster.
        let months = usize::try_from((latest.0 - START.0) / (28 * i64::from(DAY) * 1000)).unwrap();
        prop_assert!(world.keys.crypto.made.get() <= 2 * (2 + months), "{:?}", keys(&world));
    }
}
