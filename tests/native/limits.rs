//! Limits on guessing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vestibule::domain::attempts::Attempts;
use vestibule::domain::machine::{Before, Command, Next};
use vestibule::domain::throttle::{GiveBack, Guess, Keep, Limit, Spend, Spent, Throttle, Wake};
use vestibule::domain::time::{Seconds, Timestamp};

use crate::support::{START, SeededEntropy};

const LIMIT: Limit = Limit { tries: 5, per: Seconds(3600), guesses: None };

/// The next state, and whether a try was left.
fn decide<C: Command<Machine = Throttle>>(
    state: Option<Spent>,
    command: C,
    now: Timestamp,
) -> (Next<Spent>, bool) {
    let before = Before { state, rows: BTreeMap::new() };
    let step = command.decide(before, now, &*SeededEntropy::new());
    (step.change.next, step.reply.is_ok())
}

fn throttle<C: Command<Machine = Throttle>>(
    state: &mut Option<Spent>,
    command: C,
    now: Timestamp,
) -> bool {
    let (next, is_ok) = decide(state.clone(), command, now);
    match next {
        Next::Written(spent) | Next::Remembered(spent) | Next::Awaited(spent) => {
            *state = Some(spent)
        }
        Next::Forgotten => *state = None,
        Next::Unchanged => {}
    }
    is_ok
}

#[test]
fn tries_run_out_and_come_back_over_time() {
    let mut state = None;
    for _ in 0..5 {
        assert!(throttle(&mut state, Spend(LIMIT), START));
    }
    assert!(!throttle(&mut state, Spend(LIMIT), START));
    let later = START.plus(Seconds(3600 / 5));
    assert!(throttle(&mut state, Spend(LIMIT), later));
    assert!(!throttle(&mut state, Spend(LIMIT), later));
}

#[test]
fn the_try_of_a_right_guess_is_returned() {
    let mut state = None;
    for _ in 0..20 {
        assert!(throttle(&mut state, Spend(LIMIT), START));
        assert!(throttle(&mut state, GiveBack(LIMIT), START));
    }
}

#[test]
fn a_right_guess_is_never_written_and_a_wrong_one_is() {
    // Guesses, with the object leaving the memory after each.
    let (spent, _) = decide(None, Guess(LIMIT), START);
    let Next::Remembered(in_memory) = spent else { panic!("{spent:?}") };
    let (given_back, _) = decide(Some(in_memory), GiveBack(LIMIT), START);
    assert!(matches!(given_back, Next::Remembered(_)));
    let mut stored = None;
    for _ in 0..5 {
        assert!(throttle(&mut stored, Guess(LIMIT), START));
        assert!(throttle(&mut stored, Keep(LIMIT), START));
    }
    assert!(!throttle(&mut stored, Guess(LIMIT), START));
    // The memory was lost between the guess and its result.
    assert!(matches!(decide(None, Keep(LIMIT), START).0, Next::Written(_)));
}

#[test]
fn guesses_made_in_parallel_count_before_any_is_known_to_be_wrong() {
    let mut state = None;
    for _ in 0..5 {
        assert!(throttle(&mut state, Guess(LIMIT), START));
    }
    assert!(!throttle(&mut state, Guess(LIMIT), START));
}

#[test]
fn a_throttle_erases_itself() {
    let mut state = None;
    throttle(&mut state, Spend(LIMIT), START);
    throttle(&mut state, Wake, START.plus(Seconds(3599)));
    assert!(state.is_some());
    throttle(&mut state, Wake, START.plus(Seconds(3600)));
    assert!(state.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn no_rhythm_of_guesses_gets_more_tries_than_the_limit_and_what_flows_back(
        pauses in prop::collection::vec(0_u32..2000, 1..100),
    ) {
        let (mut state, mut now, mut taken) = (None, START, 0_i64);
        for pause in pauses {
            now = now.plus(Seconds(pause));
            taken += i64::from(throttle(&mut state, Spend(LIMIT), now));
        }
        let elapsed = (now.0 - START.0) / 1000;
        prop_assert!(taken <= 5 + elapsed * 5 / 3600 + 1);
    }
}

#[test]
fn an_account_delays_attempts_then_locks_and_unlocks_again() {
    let mut attempts = Attempts::default();
    let mut now = START;
    for _ in 0..5 {
        attempts = attempts.begin(now).unwrap();
    }
    let mut waits = Vec::new();
    loop {
        match attempts.begin(now) {
            Ok(next) => attempts = next,
            Err((same, blocked)) => {
                waits.push(blocked.retry_after.0);
                if waits.len() == 6 {
                    break;
                }
                now = now.plus(blocked.retry_after);
                attempts = same;
            }
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 900]);
}
