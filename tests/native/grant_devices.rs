//! The device grant (RFC 8628).

use vestibule::domain::distance::{Location, compare};
use vestibule::domain::grant::device::{Decision, DeviceGrant};
use vestibule::domain::grant::{GrantCommand, GrantError, GrantReply};
use vestibule::domain::secret::Secret;
use vestibule::domain::time::Seconds;
use vestibule::protocol::scope::Scope;

use crate::grant_properties::{Host, authorization, terms};
use crate::support::{START, SeededEntropy};

fn device_code() -> Secret {
    Secret::from_bytes([5; 32])
}

fn requested() -> Host {
    let mut host = Host { state: None, stored: None, now: START, entropy: SeededEntropy::new() };
    let request = request(&host);
    host.send(GrantCommand::Request(Box::new(request))).unwrap();
    host
}

fn request(host: &Host) -> DeviceGrant {
    DeviceGrant {
        device_code: device_code().hash(),
        client_id: "client".into(),
        scope: Scope::parse("openid").unwrap(),
        resources: Vec::new(),
        location: Location::default(),
        requested_at: host.now,
        expires_at: host.now.plus(Seconds(600)),
        interval: Seconds(5),
        polled_at: None,
    }
}

fn poll(host: &mut Host) -> Result<GrantReply, GrantError> {
    let (secret, client_id) = (device_code(), "client".into());
    host.send(GrantCommand::Poll { secret, client_id, terms: terms() })
}

fn decide(host: &mut Host, decision: Decision) -> Result<GrantReply, GrantError> {
    host.send(GrantCommand::Decide(Box::new(decision)))
}

#[test]
fn a_device_that_asks_too_often_is_told_to_slow_down_by_five_seconds() {
    // RFC 8628 §3.5
    let mut host = requested();
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::AuthorizationPending);
    host.advance(5);
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::AuthorizationPending);
    host.advance(1);
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::SlowDown);
    host.advance(5);
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::SlowDown, "the interval is ten now");
    host.advance(15);
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::AuthorizationPending);
}

#[test]
fn an_approved_device_gets_its_tokens_once() {
    // RFC 8628 §3.5
    let mut host = requested();
    decide(&mut host, Decision::Approve(Box::new(authorization()))).unwrap();
    assert!(matches!(poll(&mut host), Ok(GrantReply::Issue(_))));
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::Unknown);
}

#[test]
fn an_approval_that_is_sent_twice_is_one_approval() {
    let mut host = requested();
    let approve = || Decision::Approve(Box::new(authorization()));
    decide(&mut host, approve()).unwrap();
    decide(&mut host, approve()).unwrap();
    poll(&mut host).unwrap();
    decide(&mut host, approve()).unwrap();
    let other =
        vestibule::domain::grant::Authorization { account: "another".into(), ..authorization() };
    let denied = decide(&mut host, Decision::Approve(Box::new(other)));
    assert_eq!(denied.unwrap_err(), GrantError::Decided);
}

#[test]
fn a_device_whose_approval_was_taken_back_on_its_way_is_denied() {
    let mut host = requested();
    host.send(GrantCommand::End).unwrap();
    let late = decide(&mut host, Decision::Approve(Box::new(authorization())));
    assert_eq!(late.unwrap_err(), GrantError::Decided);
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::AccessDenied);
}

#[test]
fn a_denied_device_is_told_so_and_stays_denied() {
    // RFC 8628 §3.5
    let mut host = requested();
    decide(&mut host, Decision::Deny).unwrap();
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::AccessDenied);
    let approve = decide(&mut host, Decision::Approve(Box::new(authorization())));
    assert_eq!(approve.unwrap_err(), GrantError::Decided);
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::AccessDenied);
}

#[test]
fn an_expired_device_code_is_told_apart_and_cannot_be_approved() {
    // RFC 8628 §3.5
    let mut host = requested();
    host.advance(600);
    assert_eq!(poll(&mut host).unwrap_err(), GrantError::ExpiredToken);
    let approve = decide(&mut host, Decision::Approve(Box::new(authorization())));
    assert_eq!(approve.unwrap_err(), GrantError::ExpiredToken);
    host.advance(300);
    host.send(GrantCommand::Wake).unwrap();
    assert!(host.state.is_none());
}

#[test]
fn a_user_code_serves_one_request_at_a_time() {
    let mut host = requested();
    let again = request(&host);
    let error = host.send(GrantCommand::Request(Box::new(again))).unwrap_err();
    assert_eq!(error, GrantError::Occupied);
}

#[test]
fn another_client_or_a_wrong_secret_learns_nothing() {
    let mut host = requested();
    let (secret, client_id) = (device_code(), "other".into());
    let error = host.send(GrantCommand::Poll { secret, client_id, terms: terms() }).unwrap_err();
    assert_eq!(error, GrantError::OtherClient);
    let (secret, client_id) = (Secret::from_bytes([1; 32]), "client".into());
    let error = host.send(GrantCommand::Poll { secret, client_id, terms: terms() }).unwrap_err();
    assert_eq!(error, GrantError::WrongSecret);
}

#[test]
fn a_poll_writes_nothing() {
    use vestibule::domain::grant::{Grant, GrantState};
    use vestibule::domain::machine::{Before, Machine, Next};
    let host = requested();
    let state: GrantState = serde_json::from_str(host.state.as_deref().unwrap()).unwrap();
    let (secret, client_id) = (device_code(), "client".into());
    let command = GrantCommand::Poll { secret, client_id, terms: terms() };
    let before = Before { state: Some(state), rows: Default::default() };
    let step = Grant::step(before, command, host.now, &*host.entropy);
    assert!(matches!(step.next, Next::Remembered(_)));
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
fn a_device_that_is_far_away_is_seen() {
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
fn a_place_that_is_not_known_raises_no_alarm_by_itself() {
    let known = at("PT", "Home", "38.72", "-9.14");
    let comparison = compare(&Location::default(), &known);
    assert!(!comparison.far && !comparison.other_network && comparison.kilometres.is_none());
    let nonsense = at("PT", "Home", "NaN", "inf");
    assert_eq!(compare(&nonsense, &known).kilometres, None);
}
