//! The device grant (RFC 8628).

use std::collections::BTreeMap;

use proptest::prelude::*;
use vestibule::domain::distance::{Location, compare};
use vestibule::domain::grant::device::{Decision, DeviceGrant};
use vestibule::domain::grant::device_response::Repeatable;
use vestibule::domain::grant::{
    Authorization, Decide, DecisionError, GrantState, Inspect, Issue, Occupied, Poll, PollError,
    Presented, Request, Revoke, SpendDeviceCode, Wake,
};
use vestibule::domain::machine::{Before, Command};
use vestibule::domain::notice::to_grant::{End, NarrowExpected, Report};
use vestibule::domain::secret::Secret;
use vestibule::domain::time::Seconds;
use vestibule::protocol::scope::Scope;

use crate::grant_properties::{Host, authorization, terms};
use crate::support::{START, SeededEntropy};

/// For how long a response can be repeated, in seconds.
const LOST_ANSWER: u32 = 120;

fn device_code() -> Secret {
    Secret::from_bytes([5; 32])
}

fn requested() -> Host {
    let mut host = Host { state: None, stored: None, now: START, entropy: SeededEntropy::new() };
    let request = request(&host);
    host.send(Request(Box::new(request))).unwrap();
    host
}

fn request(host: &Host) -> DeviceGrant {
    DeviceGrant {
        device_code: device_code().hash(),
        client_id: "client".into(),
        scope: Scope::parse("openid").unwrap(),
        left_out: Scope::default(),
        resources: Vec::new(),
        location: Location::default(),
        requested_at: host.now,
        expires_at: host.now.plus(Seconds(600)),
        interval: Seconds(5),
        polled_at: None,
    }
}

fn poll_of(secret: Secret, client_id: &str) -> Poll {
    let (client_id, lost_answer) = (client_id.into(), Seconds(LOST_ANSWER));
    Poll { secret, client_id, terms: terms(), lost_answer }
}

fn poll(host: &mut Host) -> Result<Box<Issue>, PollError> {
    host.send(poll_of(device_code(), "client"))
}

fn approved() -> Host {
    let mut host = requested();
    decide(&mut host, Decision::Approve(Box::new(authorization()))).unwrap();
    host
}

/// Polls. Returns the refresh token, and the claims that a repeated access token has in common.
fn tokens(host: &mut Host) -> Result<((u32, Secret), Repeatable), PollError> {
    let issue = poll(host)?;
    Ok((issue.refresh_token.unwrap(), issue.repeatable.unwrap()))
}

fn decide(host: &mut Host, decision: Decision) -> Result<(), DecisionError> {
    host.send(Decide(Box::new(decision)))
}

#[test]
fn a_device_that_polls_too_often_must_slow_down_by_five_seconds() {
    // RFC 8628 §3.5
    let mut host = requested();
    assert_eq!(poll(&mut host).unwrap_err(), PollError::AuthorizationPending);
    host.advance(5);
    assert_eq!(poll(&mut host).unwrap_err(), PollError::AuthorizationPending);
    host.advance(1);
    assert_eq!(poll(&mut host).unwrap_err(), PollError::SlowDown);
    host.advance(5);
    assert_eq!(poll(&mut host).unwrap_err(), PollError::SlowDown, "the interval is ten now");
    host.advance(15);
    assert_eq!(poll(&mut host).unwrap_err(), PollError::AuthorizationPending);
}

#[test]
fn a_device_whose_response_was_lost_gets_the_same_tokens_while_nobody_has_used_them() {
    // RFC 8628 §3.5
    let mut host = approved();
    let first = tokens(&mut host).unwrap();
    host.advance(LOST_ANSWER - 1);
    host.lose_memory();
    assert_eq!(tokens(&mut host).unwrap(), first);
    host.advance(1);
    assert_eq!(tokens(&mut host).unwrap_err(), PollError::DeviceCodeSpent, "the time is over");
    host.refresh(&first.0).expect("the refresh token lives on");
}

#[test]
fn a_device_code_is_spent_by_the_first_use_of_any_of_its_tokens() {
    // RFC 8628 §3.5
    fn access_token(host: &Host, jti: &str) -> Presented {
        let expires_at = host.now.plus(Seconds(600));
        Presented::AccessToken { jti: jti.into(), expires_at, client_id: "client".into() }
    }
    type Use = fn(&mut Host, &(u32, Secret), &str) -> bool;
    let uses: [Use; 5] = [
        |host, token, _| host.refresh(token).is_ok(),
        |host, token, _| host.refresh_with(token, 10, false).is_ok(),
        |host, _, jti| host.send(Inspect(access_token(host, jti))).is_ok(),
        |host, _, jti| host.send(Revoke(access_token(host, jti))).is_ok(),
        |host, _, _| host.send(SpendDeviceCode).is_ok(),
    ];
    for (index, use_token) in uses.iter().enumerate() {
        let mut host = approved();
        let (token, repeatable) = tokens(&mut host).unwrap();
        assert!(use_token(&mut host, &token, &repeatable.jti), "use {index}");
        host.lose_memory();
        assert_eq!(tokens(&mut host).unwrap_err(), PollError::DeviceCodeSpent, "use {index}");
        assert!(host.state.is_some(), "a poll that comes late ends nothing");
    }
}

#[test]
fn neither_the_stored_state_nor_another_client_yields_the_tokens() {
    let mut host = approved();
    let ((_, secret), _) = tokens(&mut host).unwrap();
    let error = host.send(poll_of(device_code(), "other")).unwrap_err();
    assert_eq!(error, PollError::OtherClient);
    let error = host.send(poll_of(Secret::from_bytes([1; 32]), "client")).unwrap_err();
    assert_eq!(error, PollError::DeviceCodeSpent);
    let stored = host.stored.clone().unwrap();
    for secret in [secret, device_code()] {
        let text = serde_json::to_string(&secret).unwrap();
        assert!(!stored.contains(text.trim_matches('"')), "{stored}");
    }
}

#[test]
fn a_grant_that_has_ended_repeats_no_response() {
    let mut host = approved();
    tokens(&mut host).unwrap();
    host.send(End).unwrap();
    assert_eq!(tokens(&mut host).unwrap_err(), PollError::Unknown);
}

#[test]
fn a_device_code_is_redeemed_once_if_repeating_is_turned_off() {
    let mut host = approved();
    let once = || {
        let (secret, client_id) = (device_code(), "client".into());
        Poll { secret, client_id, terms: terms(), lost_answer: Seconds(0) }
    };
    host.send(once()).unwrap();
    assert_eq!(host.send(once()).unwrap_err(), PollError::DeviceCodeSpent);
}

#[derive(Clone, Debug)]
enum Operation {
    Poll,
    LoseMemory,
    Refresh,
    Inspect,
    End,
    Wake,
    Advance(u32),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        6 => Just(Operation::Poll),
        2 => Just(Operation::LoseMemory),
        1 => Just(Operation::Refresh),
        1 => Just(Operation::Inspect),
        1 => Just(Operation::End),
        1 => Just(Operation::Wake),
        3 => prop_oneof![0..5_u32, 20..50_u32, Just(700)].prop_map(Operation::Advance),
    ];
    prop::collection::vec(operation, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn every_response_to_a_device_code_repeats_the_first_and_none_follows_a_use(
        operations in operations()
    ) {
        let mut host = approved();
        let mut first: Option<((u32, Secret), Repeatable)> = None;
        let mut is_spent = false;
        for operation in operations {
            match operation {
                Operation::Poll => {
                    let Ok(answer) = tokens(&mut host) else { continue };
                    prop_assert!(!is_spent, "nobody has used a token");
                    let first = first.get_or_insert_with(|| answer.clone());
                    prop_assert_eq!(&answer, &*first);
                    prop_assert!(host.now < first.1.until);
                }
                Operation::LoseMemory => host.lose_memory(),
                Operation::Refresh => {
                    if let Some((token, _)) = &first {
                        is_spent |= host.refresh(token).is_ok();
                    }
                }
                Operation::Inspect => {
                    if let Some((_, Repeatable { jti, issued_at, .. })) = &first {
                        let (jti, client_id) = (jti.clone(), "client".into());
                        let expires_at = issued_at.plus(Seconds(600));
                        let token = Presented::AccessToken { jti, expires_at, client_id };
                        is_spent |= host.send(Inspect(token)).is_ok();
                    }
                }
                Operation::End => {
                    host.send(End).ok();
                    is_spent = true;
                }
                Operation::Wake => drop(host.send(Wake)),
                Operation::Advance(seconds) => host.advance(seconds),
            }
        }
    }
}

#[test]
fn an_approval_that_is_sent_twice_is_one_approval() {
    let mut host = requested();
    let approve = || Decision::Approve(Box::new(authorization()));
    decide(&mut host, approve()).unwrap();
    decide(&mut host, approve()).unwrap();
    poll(&mut host).unwrap();
    decide(&mut host, approve()).unwrap();
    let other = Authorization { account: "another".into(), ..authorization() };
    let denied = decide(&mut host, Decision::Approve(Box::new(other)));
    assert_eq!(denied.unwrap_err(), DecisionError::Decided);
}

#[test]
fn a_device_whose_approval_was_removed_on_its_way_is_denied() {
    let mut host = requested();
    host.send(End).unwrap();
    let late = decide(&mut host, Decision::Approve(Box::new(authorization())));
    assert_eq!(late.unwrap_err(), DecisionError::Decided);
    assert_eq!(poll(&mut host).unwrap_err(), PollError::AccessDenied);
}

#[test]
fn a_denied_device_gets_access_denied_and_stays_denied() {
    // RFC 8628 §3.5
    let mut host = requested();
    decide(&mut host, Decision::Deny).unwrap();
    assert_eq!(poll(&mut host).unwrap_err(), PollError::AccessDenied);
    let approve = decide(&mut host, Decision::Approve(Box::new(authorization())));
    assert_eq!(approve.unwrap_err(), DecisionError::Decided);
    assert_eq!(poll(&mut host).unwrap_err(), PollError::AccessDenied);
}

#[test]
fn an_expired_device_code_gets_its_own_error_and_cannot_be_approved() {
    // RFC 8628 §3.5
    let mut host = requested();
    host.advance(600);
    assert_eq!(poll(&mut host).unwrap_err(), PollError::ExpiredToken);
    let approve = decide(&mut host, Decision::Approve(Box::new(authorization())));
    assert_eq!(approve.unwrap_err(), DecisionError::ExpiredToken);
    host.advance(300);
    host.send(Wake).unwrap();
    assert!(host.state.is_none());
}

#[test]
fn a_user_code_serves_one_request_at_a_time() {
    let mut host = requested();
    let again = request(&host);
    let error = host.send(Request(Box::new(again))).unwrap_err();
    assert_eq!(error, Occupied::Occupied);
}

#[test]
fn another_client_or_a_wrong_secret_learns_nothing() {
    let mut host = requested();
    let error = host.send(poll_of(device_code(), "other")).unwrap_err();
    assert_eq!(error, PollError::OtherClient);
    let error = host.send(poll_of(Secret::from_bytes([1; 32]), "client")).unwrap_err();
    assert_eq!(error, PollError::WrongSecret);
}

#[test]
fn a_poll_writes_nothing() {
    use vestibule::domain::grant::GrantState;
    use vestibule::domain::machine::{Before, Command, Next};
    let host = requested();
    let state: GrantState = serde_json::from_str(host.state.as_deref().unwrap()).unwrap();
    let command = poll_of(device_code(), "client");
    let before = Before { state: Some(state), rows: Default::default() };
    let step = command.decide(before, host.now, &*host.entropy);
    assert!(matches!(step.change.next, Next::Remembered(_)));
}

fn at(country: &str, operator: &str, latitude: &str, longitude: &str) -> Location {
    Location {
        country: Some(country.into()),
        network_operator: Some(operator.into()),
        coordinates: Some((latitude.into(), longitude.into())),
        ..Location::default()
    }
}

#[test]
fn a_device_that_is_far_away_is_recognized() {
    // RFC 8628 §5.4: remote phishing.
    let lisbon = at("PT", "Home", "38.72", "-9.14");
    let madrid = at("ES", "Home", "40.42", "-3.70");
    let comparison = compare(&lisbon, &madrid);
    assert_eq!(comparison.kilometres, Some(503));
    assert!(comparison.far && !comparison.other_network);
    let porto = at("PT", "Mobile", "41.15", "-8.61");
    let comparison = compare(&lisbon, &porto);
    assert!(!comparison.far && comparison.other_network);
}

#[test]
fn an_unknown_place_alone_causes_no_warning() {
    let known = at("PT", "Home", "38.72", "-9.14");
    let comparison = compare(&Location::default(), &known);
    assert!(!comparison.far && !comparison.other_network && comparison.kilometres.is_none());
    let nonsense = at("PT", "Home", "NaN", "inf");
    assert_eq!(compare(&nonsense, &known).kilometres, None);
}

#[test]
fn a_scope_that_is_removed_before_the_approval_arrives_is_in_no_token() {
    let mut host = requested();
    let until = host.now.plus(Seconds(60));
    host.send(NarrowExpected { scope: "openid".into(), until }).unwrap();
    let approved = decide(&mut host, Decision::Approve(Box::new(authorization())));
    assert_eq!(approved, Err(DecisionError::Decided), "it comes too late");
    assert_eq!(poll(&mut host).unwrap_err(), PollError::AccessDenied);
}

#[test]
fn an_account_that_asks_keeps_a_grant_whose_approval_may_be_on_its_way() {
    let host = requested();
    for (is_expected, told) in [(true, 0), (false, 1)] {
        let state: GrantState = serde_json::from_str(host.state.as_deref().unwrap()).unwrap();
        let Authorization { account, grant_id, .. } = authorization();
        let before = Before { state: Some(state), rows: BTreeMap::new() };
        let asked = Report { account, grant_id, is_expected };
        let step = asked.decide(before, host.now, &*host.entropy);
        assert_eq!(step.change.effects.len(), told, "GrantEnded");
    }
}
