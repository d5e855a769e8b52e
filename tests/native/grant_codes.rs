//! Authorization codes and refresh token families.

use proptest::prelude::*;
use vestibule::domain::grant::{
    Expect, ExpectError, Presented, Redeem, RedeemError, RefreshError, Revoke, Wake,
};
use vestibule::domain::notice::to_grant::{End, EndExpected, Narrow, Report};
use vestibule::domain::secret::Secret;
use vestibule::domain::time::Seconds;
use vestibule::protocol::pkce::CodeVerifier;

use vestibule::protocol::scope::Scope;

use crate::grant_properties::{Host, WINDOW, authorization, pending_code, refresh_token};
use crate::support::{START, SeededEntropy};

#[test]
fn a_code_redeemed_twice_ends_its_grant() {
    // RFC 6749 §4.1.2
    let mut host = Host::expecting();
    let token = host.redeem().unwrap();
    assert_eq!(host.redeem().unwrap_err(), RedeemError::CodeReplayed);
    assert_eq!(host.refresh(&token).unwrap_err(), RefreshError::Unknown);
}

#[test]
fn a_code_expires() {
    // RFC 6749 §4.1.2
    let mut host = Host::expecting();
    host.advance(60);
    assert_eq!(host.redeem().unwrap_err(), RedeemError::Unknown);
}

#[test]
fn a_code_asked_for_with_a_challenge_is_never_redeemed_without_its_verifier() {
    // RFC 7636 §4.6; the attack is code injection.
    let mut host = Host::expecting();
    let mut redemption = host.redemption();
    redemption.code_verifier = None;
    let error = host.send(redemption).unwrap_err();
    assert_eq!(error, RedeemError::NoCodeVerifier);
    let mut redemption = host.redemption();
    redemption.code_verifier = Some(CodeVerifier::parse(&"x".repeat(43)).unwrap());
    let error = host.send(redemption).unwrap_err();
    assert_eq!(error, RedeemError::CodeVerifier);
    assert!(host.redeem().is_ok(), "a failed attempt leaves the code as it was");
}

#[test]
fn a_code_goes_with_the_redirect_uri_that_it_was_sent_to() {
    // RFC 6749 §4.1.3
    let mut host = Host::expecting();
    let mut redemption = host.redemption();
    redemption.redirect_uri = Some("https://attacker.example.test".into());
    let error = host.send(redemption).unwrap_err();
    assert_eq!(error, RedeemError::RedirectUri);
}

#[test]
fn a_resource_that_was_not_granted_is_refused_and_the_code_stays() {
    // RFC 8707 §2.2
    let mut host = Host::expecting();
    let mut redemption = host.redemption();
    redemption.resources = vec!["https://other.example.test".into()];
    assert_eq!(host.send(redemption).unwrap_err(), RedeemError::Resource);
    assert!(host.redeem().is_ok());
}

#[test]
fn a_repeated_refresh_within_the_window_gets_the_same_successor() {
    let mut host = Host::expecting();
    let first = host.redeem().unwrap();
    let second = host.refresh(&first).unwrap();
    host.advance(WINDOW - 1);
    assert_eq!(host.refresh(&first).unwrap(), second);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn every_legal_refresh_within_the_window_gets_the_same_successor_whatever_it_asks_for(
        requests in prop::collection::vec((0..3_usize, any::<bool>(), 0..WINDOW), 1..6)
    ) {
        // RFC 6749 §6, RFC 8707 §2.2: an app with two APIs sends a request for each.
        let mut host = Host::expecting();
        let token = host.redeem().unwrap();
        let rotated = host.refresh(&token).unwrap();
        let start = host.now;
        for (scope, has_resource, seconds) in requests {
            host.now = start.plus(Seconds(seconds));
            let scope = [None, Some("openid"), Some("offline_access openid")].get(scope).copied();
            let mut refresh = Host::refresh_request(&token, WINDOW, true);
            refresh.scope = scope.flatten().map(|scope| Scope::parse(scope).unwrap());
            refresh.resources = authorization().resources.into_iter().filter(|_| has_resource).collect();
            let answer = host.send(refresh).map(refresh_token);
            prop_assert_eq!(answer.as_ref(), Ok(&rotated));
        }
        prop_assert!(host.refresh(&rotated).is_ok(), "the successor lives");
    }
}

#[test]
fn a_refresh_that_asks_too_much_within_the_window_is_refused_and_ends_nothing() {
    // RFC 6749 §6, RFC 8707 §2.2
    let mut host = Host::expecting();
    let token = host.redeem().unwrap();
    let rotated = host.refresh(&token).unwrap();
    let mut refresh = Host::refresh_request(&token, WINDOW, true);
    refresh.resources = vec!["https://other.example.test".into()];
    let error = host.send(refresh).unwrap_err();
    assert_eq!(error, RefreshError::Resource);
    let mut refresh = Host::refresh_request(&token, WINDOW, true);
    refresh.scope = Some(Scope::parse("openid phone").unwrap());
    assert_eq!(host.send(refresh).unwrap_err(), RefreshError::Scope);
    assert_eq!(host.refresh(&token).unwrap(), rotated);
}

#[test]
fn a_lost_response_does_not_sign_the_user_out() {
    let mut host = Host::expecting();
    let first = host.redeem().unwrap();
    let lost = host.refresh(&first).unwrap();
    host.advance(WINDOW + 1);
    let replacement = host.refresh(&first).unwrap();
    assert_ne!(replacement, lost);
    assert!(host.refresh(&replacement).is_ok());
}

#[test]
fn the_successor_that_was_replaced_ends_the_grant_when_a_thief_uses_it() {
    // RFC 9700 §4.14.2
    let mut host = Host::expecting();
    let first = host.redeem().unwrap();
    let stolen = host.refresh(&first).unwrap();
    host.advance(WINDOW + 1);
    let replacement = host.refresh(&first).unwrap();
    assert_eq!(host.refresh(&stolen).unwrap_err(), RefreshError::RefreshTokenReused);
    assert_eq!(host.refresh(&replacement).unwrap_err(), RefreshError::Unknown);
}

#[test]
fn a_refresh_token_used_after_its_successor_ends_the_grant() {
    // RFC 9700 §4.14.2
    let mut host = Host::expecting();
    let first = host.redeem().unwrap();
    let second = host.refresh(&first).unwrap();
    let third = host.refresh(&second).unwrap();
    assert_eq!(host.refresh(&first).unwrap_err(), RefreshError::RefreshTokenReused);
    assert_eq!(host.refresh(&third).unwrap_err(), RefreshError::Unknown);
}

#[test]
fn a_window_of_zero_is_strict() {
    let mut host = Host::expecting();
    let first = host.redeem().unwrap();
    host.refresh_with(&first, 0, true).unwrap();
    let error = host.refresh_with(&first, 0, true).unwrap_err();
    assert_eq!(error, RefreshError::RefreshTokenReused);
}

#[test]
fn a_token_that_need_not_rotate_stays() {
    let mut host = Host::expecting();
    let first = host.redeem().unwrap();
    assert_eq!(host.refresh_with(&first, WINDOW, false).unwrap(), first);
    assert_eq!(host.refresh_with(&first, WINDOW, false).unwrap(), first);
}

#[test]
fn an_unused_refresh_token_expires() {
    let mut host = Host::expecting();
    let first = host.redeem().unwrap();
    host.advance(29 * 86_400);
    let second = host.refresh(&first).unwrap();
    host.advance(31 * 86_400);
    assert!(host.refresh(&second).is_err());
    let (account, grant_id) = (authorization().account, authorization().grant_id);
    host.send(Report { account, grant_id, is_expected: false }).unwrap();
    assert!(host.state.is_none(), "an expired grant is forgotten");
}

#[test]
fn no_stored_value_can_be_used_as_a_token() {
    let mut host = Host::expecting();
    let (_, secret) = host.redeem().unwrap();
    let stored = host.state.clone().unwrap();
    let sent = serde_json::to_string(&secret).unwrap();
    assert!(!stored.contains(sent.trim_matches('"')));
}

#[test]
fn a_code_is_redeemed_though_its_object_has_lost_its_memory() {
    let mut host = Host::expecting();
    host.lose_memory();
    let token = host.redeem().unwrap();
    host.lose_memory();
    assert_eq!(host.redeem().unwrap_err(), RedeemError::CodeReplayed);
    assert_eq!(host.refresh(&token).unwrap_err(), RefreshError::Unknown);
}

#[test]
fn what_is_stored_for_a_code_does_not_suffice_to_redeem_it() {
    // RFC 6749 §10.5. The attack is a copy of the storage, or of the deployment's secret.
    let mut host = Host::expecting();
    let sent = serde_json::to_string(&crate::grant_properties::code()).unwrap();
    assert!(!host.state.clone().unwrap().contains(sent.trim_matches('"')));
    let guess = Redeem { code: Secret::from_bytes([1; 32]), ..host.redemption() };
    assert_eq!(host.send(guess).unwrap_err(), RedeemError::WrongSecret);
    assert!(host.redeem().is_ok());
}

#[test]
fn an_object_that_expects_no_code_redeems_none() {
    let entropy = SeededEntropy::new();
    let mut host = Host { state: None, stored: None, now: START, entropy };
    assert_eq!(host.redeem().unwrap_err(), RedeemError::Unknown);
    assert_eq!(host.stored, None);
}

#[test]
fn a_guess_at_a_redeemed_code_ends_nothing() {
    // The attack ends a stranger's grant by its ID, which resource servers see.
    let mut host = Host::expecting();
    let token = host.redeem().unwrap();
    let guess = Redeem { code: Secret::from_bytes([1; 32]), ..host.redemption() };
    assert_eq!(host.send(guess).unwrap_err(), RedeemError::WrongSecret);
    assert!(host.refresh(&token).is_ok());
}

#[test]
fn a_client_that_must_use_pkce_now_redeems_no_code_without_a_challenge() {
    // OAuth 2.1 §7.5.1
    let entropy = SeededEntropy::new();
    let mut host = Host { state: None, stored: None, now: START, entropy };
    let code =
        vestibule::domain::grant::code::PendingCode { code_challenge: None, ..pending_code() };
    host.send(Expect(Box::new(code))).unwrap();
    let without = || Redeem { code_verifier: None, ..host.redemption() };
    let (needed, excused) = (without(), Redeem { needs_pkce: false, ..without() });
    assert_eq!(host.send(needed).unwrap_err(), RedeemError::NoCodeChallenge);
    assert!(host.send(excused).is_ok());
}

#[test]
fn a_grant_that_was_revoked_is_not_begun_again_by_its_code() {
    // RFC 6749 §4.1.2. The attack is a code that was intercepted and is sent after a sign-out.
    let mut host = Host::expecting();
    let (number, secret) = host.redeem().unwrap();
    let client_id = "client".into();
    let presented = Presented::RefreshToken { number, secret, client_id };
    host.send(Revoke(presented)).unwrap();
    assert!(host.state.is_none() && host.stored.is_none(), "nothing is left");
    assert_eq!(host.redeem().unwrap_err(), RedeemError::Unknown);
}

#[test]
fn a_code_whose_grant_was_ended_before_it_arrives_is_not_redeemed() {
    // A code for an account that was deleted, or an app whose access was removed, in the meantime.
    let entropy = SeededEntropy::new();
    let mut host = Host { state: None, stored: None, now: START, entropy };
    let until = host.now.plus(Seconds(60));
    host.send(EndExpected { until }).unwrap();
    host.lose_memory();
    let late = host.send(Expect(Box::new(pending_code()))).unwrap_err();
    assert_eq!(late, ExpectError::Withdrawn);
    assert_eq!(host.redeem().unwrap_err(), RedeemError::Unknown);
    host.advance(60);
    host.send(Wake).unwrap();
    assert!(host.state.is_none() && host.stored.is_none());
}

#[test]
fn an_end_makes_nothing_of_a_grant_that_is_gone() {
    let mut host = Host::expecting();
    host.send(End).unwrap();
    assert!(host.stored.is_none());
    host.send(End).unwrap();
    let until = host.now;
    host.send(EndExpected { until }).unwrap();
    assert!(host.stored.is_none());
}

#[test]
fn access_that_was_removed_before_a_code_is_redeemed_is_not_granted() {
    let mut host = Host::expecting();
    host.send(Narrow("offline_access".into())).unwrap();
    host.lose_memory();
    let issue = host.send(host.redemption()).unwrap();
    assert_eq!(issue.authorization.scope.to_string(), "openid");
}
