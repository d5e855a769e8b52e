//! How and when a user authenticated (OpenID Connect Core §2): what is stored and reported.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vestibule::domain::account::{Authorized, NewSession, Session};
use vestibule::domain::authentication::{
    AuthTime, Authentication, Factor, NewAuthentication, SessionOrigin,
};
use vestibule::domain::grant::Authorization;
use vestibule::domain::time::Timestamp;

use crate::support::START;

fn origin() -> Value {
    json!({ "provider": "acme", "issuer": "https://acme.example.com", "subject": "dana", "sid": null })
}

/// Whether the value of the previous release can be read, and is written in the same form.
fn is_as_before<T: DeserializeOwned + Serialize>(before: &Value) {
    let read: T = serde_json::from_value(before.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), *before);
    let text: T = serde_json::from_str(&before.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&text).unwrap(), *before);
}

#[test]
fn both_releases_read_what_the_other_wrote() {
    for (authenticated, origin) in [
        (json!("Now"), Value::Null),
        (json!({ "At": START.0 }), origin()),
        (json!("Unknown"), origin()),
    ] {
        is_as_before::<NewSession>(&json!({
            "sid": null, "amr": ["pwd"], "authenticated": authenticated, "origin": origin, "confirms": false,
            "lifetime": 86_400, "browser": "Firefox on Linux", "place": null,
        }));
    }
    for auth_time in [json!(START.0), Value::Null] {
        is_as_before::<Session>(&json!({
            "secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "sid": "s", "auth_time": auth_time,
            "started_at": START.0, "amr": ["mfa"], "expires_at": START.0, "browser": "Firefox",
            "place": "Lisbon", "origin": origin(),
        }));
        is_as_before::<Authorized>(&json!({
            "account": "a", "auth_time": auth_time, "amr": ["pwd"], "sid": "s", "scope": "openid",
            "not_after": null,
        }));
        is_as_before::<Authorization>(&json!({
            "grant_id": "g", "account": "a", "client_id": "c", "scope": "openid", "claims": {},
            "auth_time": auth_time, "amr": ["pwd"], "sid": "s",
        }));
    }
}

#[test]
fn an_unknown_time_is_since_no_moment_and_one_in_the_future_is_now() {
    let origin: SessionOrigin = serde_json::from_value(origin()).unwrap();
    let at = |time| {
        let new = NewAuthentication::at_provider(origin.clone(), Vec::new(), time);
        new.remembered(START)
    };
    assert!(!at(AuthTime::Unknown).is_since(Timestamp(0)));
    assert!(at(AuthTime::Now).is_since(START));
    let later = Timestamp(START.0 + 60_000);
    assert!(!at(AuthTime::At(later)).is_since(later));
    assert!(at(AuthTime::At(later)).is_since(START));
}

#[test]
fn a_providers_auth_time_satisfies_the_request_within_the_clock_skew() {
    let earlier = Timestamp(START.0 - 1000);
    assert_eq!(AuthTime::told(Some(earlier), Some(START)), AuthTime::At(START));
    assert_eq!(AuthTime::told(Some(earlier), None), AuthTime::At(earlier));
    assert_eq!(AuthTime::told(None, Some(START)), AuthTime::Unknown);
}

#[test]
fn methods_of_one_kind_are_one_factor() {
    let factors = |amr: &[&str]| {
        let amr = amr.iter().map(|method| (*method).to_owned()).collect();
        Authentication { amr, auth_time: None }.factors()
    };
    assert_eq!(NewAuthentication::by_password().remembered(START).factors(), [Factor::Knowledge]);
    assert_eq!(factors(&["pwd", "pin"]), [Factor::Knowledge]);
    assert_eq!(
        factors(&["otp", "pwd", "face"]),
        [Factor::Knowledge, Factor::Possession, Factor::Inherence]
    );
    assert_eq!(factors(&["mfa", "unheard-of"]), []);
}

#[test]
fn the_authentication_context_is_a_single_factor_whatever_a_provider_says() {
    let authentication = Authentication { amr: vec!["mfa".to_owned()], auth_time: None };
    assert_eq!(authentication.acr(), "1");
}
