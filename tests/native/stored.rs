//! Stored data that can't be read is an error, and never counts as absent.

use vestibule::domain::account::{Account, Row};
use vestibule::domain::grant::Grant;
use vestibule::domain::identifier::{Identifier, Owner};
use vestibule::domain::key_ring::KeyRingWants;
use vestibule::domain::machine::{Address, Class, Effect, stored_state};
use vestibule::domain::password::PasswordRecord;
use vestibule::domain::registration::Registration;
use vestibule::domain::stored::{self, Unreadable};
use vestibule::domain::time::Timestamp;
use vestibule::protocol::scope::Scope;

use crate::accounts::{created, id};
use crate::support::World;

#[test]
fn a_state_that_cannot_be_read_is_not_an_absent_one() {
    assert!(matches!(stored_state::read::<Identifier>(""), Ok(None)));
    let owned = Owner::Owned { account: "a".into() };
    let at = Timestamp(1_700_000_000_000);
    let text = stored_state::write::<Identifier>(owned.clone(), at).unwrap();
    assert_eq!(stored_state::read::<Identifier>(&text), Ok(Some((owned, at))));
    for broken in [
        "{",
        "null",
        "[]",
        "{}",
        r#"{"version":1}"#,
        r#"{"version":1,"state":null}"#,
        r#"{"version":1,"state":{"Sold":{"account":"a"}}}"#,
        r#"{"version":1,"state":{"Owned":{}}}"#,
        r#"{"state":{"Owned":{"account":"a"}}}"#,
        text.strip_suffix('}').unwrap(),
    ] {
        let read = stored_state::read::<Identifier>(broken);
        assert!(matches!(read, Err(Unreadable::Form(_))), "{broken}: {read:?}");
        assert!(stored_state::read::<Grant>(broken).is_err(), "{broken}");
        assert!(stored_state::read::<Account>(broken).is_err(), "{broken}");
        assert!(stored_state::read::<Registration>(broken).is_err(), "{broken}");
    }
}

#[test]
fn an_alarm_that_finds_a_row_that_cannot_be_read_comes_again_after_a_day() {
    // The platform retries a failed alarm six times, then drops it.
    const WEEK: u32 = 7 * 86_400;
    let world = World::new(&[]);
    created(&world);
    let row = ("session/0000000001", "no session");
    world.objects.store_row(Class::Account, &Address::Id(id()), row);
    world.advance(WEEK);
    assert_eq!(world.objects.alarms(Class::Account), 1, "it is set again");
    let repaired = ("session/0000000001", r#"{"Disconnected":1800000000000}"#);
    world.objects.store_row(Class::Account, &Address::Id(id()), repaired);
    world.advance(86_400);
    assert_eq!(world.objects.alarms(Class::Account), 0, "the session is over, and nothing is left");
}

#[test]
fn a_password_record_that_cannot_be_read_is_not_a_wrong_password() {
    for broken in ["", "hunter2", "$argon2id", "$argon2id$v=19$m=x$c2FsdHNhbHQ$aGFzaA"] {
        let text = serde_json::to_string(broken).unwrap();
        assert!(serde_json::from_str::<PasswordRecord>(&text).is_err(), "{broken}");
    }
}

#[test]
fn a_state_of_a_later_release_is_not_read_as_one_of_this() {
    for version in [2, 9] {
        let later = format!(r#"{{"version":{version},"state":{{"Owned":{{"account":"a"}}}}}}"#);
        assert_eq!(stored_state::read::<Identifier>(&later), Err(Unreadable::Version(version)));
    }
}

#[test]
fn what_is_logged_of_unreadable_text_does_not_quote_it() {
    let error = stored::read::<Row>(r#"{"Secret":"hunter2"}"#).unwrap_err();
    assert!(!error.to_string().contains("unter") && !error.to_string().contains("ecret"));
    let error = Effect::<KeyRingWants>::read(r#""hunter2""#).unwrap_err();
    assert!(!error.to_string().contains("unter"));
}

#[test]
fn a_stored_scope_has_no_limits_and_a_sent_one_has() {
    // RFC 6749 §3.3
    let stored: String = (0..300).map(|index| format!("scope-{index} ")).collect();
    let scope: Scope = serde_json::from_str(&format!("\"{}\"", stored.trim())).unwrap();
    assert_eq!(scope.len(), 300);
    assert!(Scope::parse(stored.trim()).is_err());
    let again: Scope = serde_json::from_str(&serde_json::to_string(&scope).unwrap()).unwrap();
    assert_eq!(again, scope);
    let wire = format!(r#"{{"redirect_uris":["https://a.test/"],"scope":"{}"}}"#, stored.trim());
    let metadata = vestibule::protocol::registration::metadata(wire.as_bytes());
    assert!(metadata.is_err());
}

#[test]
fn the_oldest_scopes_are_removed_and_the_requested_ones_stay() {
    let mut scope = Scope::default();
    (0..10).for_each(|index| scope.insert(&format!("s{index}")));
    let asked = Scope::parse("s0 s9").unwrap();
    scope.truncate_oldest(4, &asked);
    assert_eq!(scope.to_string(), "s0 s7 s8 s9");
    scope.truncate_oldest(1, &asked);
    assert_eq!(scope.to_string(), "s0 s9");
}
