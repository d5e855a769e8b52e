//! Tasks of the edge: those whose caller has gone are dropped, and memory stays limited.

#[path = "../../crates/edge/src/tasks.rs"]
mod table;

use self::table::{Load, Tasks};
use crate::support::World;
use crate::support::browser::{Browser, json};
use vestibule::endpoints::http::Method;

const NOW: i64 = 1_800_000_000_000;

#[test]
fn a_task_whose_caller_has_gone_is_dropped_after_a_minute_and_not_before() {
    let mut tasks = Tasks::default();
    assert!(tasks.sweep(NOW).is_empty());
    for _ in 0..600 {
        let number = tasks.next_number();
        tasks.park(number, vec![0_u8; 100]);
    }
    let dropped: Vec<_> = (1..=66).map(|second| tasks.sweep(NOW + second * 1000).len()).collect();
    assert!(dropped[..60].iter().all(|dropped| *dropped == 0), "a wait may take a minute");
    assert_eq!(dropped[60..].iter().sum::<usize>(), 600);
    assert_eq!(tasks.len(), 0);
}

#[test]
fn no_task_gets_a_number_that_means_something_else() {
    // Zero is a finished task, and the largest number a request of the other module.
    let mut tasks = Tasks::after(u32::MAX - 2);
    tasks.park(1, ());
    let numbers: Vec<u32> = (0..3).map(|_| tasks.next_number()).collect();
    assert_eq!(numbers, [u32::MAX - 1, 2, 3]);
}

#[test]
fn bursts_of_requests_and_clock_jumps_abandon_no_task() {
    let mut tasks = Tasks::default();
    tasks.sweep(NOW);
    let number = tasks.next_number();
    tasks.park(number, ());
    (0..1000).for_each(|_| assert!(tasks.sweep(NOW + 1).is_empty()));
    assert!(tasks.sweep(NOW + 3_600_000).is_empty());
    assert!(tasks.sweep(NOW - 3_600_000).is_empty());
    assert!(tasks.take(number).is_some());
}

#[test]
fn a_task_that_makes_progress_is_never_abandoned() {
    let mut tasks = Tasks::default();
    let number = tasks.next_number();
    for turn in 0..20 {
        tasks.park(number, ());
        for second in 0..50 {
            assert!(tasks.sweep(NOW + turn * 50_000 + second * 1000).is_empty());
        }
        assert!(tasks.take(number).is_some());
    }
    assert!(tasks.take(number).is_none());
}

#[test]
fn no_two_waiting_tasks_have_one_number() {
    let mut tasks = Tasks::default();
    let first = tasks.next_number();
    tasks.park(first, ());
    assert!((0..1000).all(|_| ![0, first].contains(&tasks.next_number())));
}

#[test]
fn at_the_limit_responses_are_no_longer_held_and_then_requests_are_refused() {
    const MIB: usize = 1024 * 1024;
    assert_eq!(Load::of(5_000, 25 * MIB), Load::Normal, "5,000 televisions fit");
    assert_eq!(Load::of(6_000, 0), Load::High);
    assert_eq!(Load::of(0, 32 * MIB), Load::High);
    assert_eq!(Load::of(8_000, 0), Load::Full);
    assert_eq!(Load::of(0, 48 * MIB), Load::Full);
}

#[test]
fn a_waiting_poll_keeps_neither_its_body_nor_its_url_in_memory() {
    let world = World::new(&[]);
    let mut device = Browser::default();
    let metadata = r#"{"redirect_uris":[],"response_types":[],"token_endpoint_auth_method":"none",
        "grant_types":["urn:ietf:params:oauth:grant-type:device_code"]}"#;
    let headers = [("content-type", "application/json")];
    let client = device.request(&world, Method::Post, "/register", metadata.into(), &headers);
    let client_id = json(&client)["client_id"].as_str().unwrap().to_owned();
    let asked = device.post(&world, "/device_authorization", &[("client_id", &client_id)]);
    let device_code = json(&asked)["device_code"].as_str().unwrap().to_owned();
    let (junk, query) = ("x".repeat(60_000), "q".repeat(15_000));
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", client_id.as_str()),
        ("device_code", device_code.as_str()),
        ("junk", junk.as_str()),
    ];
    let answer = device.post(&world, &format!("/token?{query}"), &fields);
    assert_eq!(json(&answer)["error"], "authorization_pending");
    assert_eq!(world.objects.carried.get(), 0);
}
