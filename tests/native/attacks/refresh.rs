//! Attacks with used refresh tokens (RFC 9700 §4.14.2).

use vestibule::domain::grant::RefreshError;
use vestibule::domain::secret::Secret;
use vestibule::domain::time::Seconds;

use crate::grant_properties::{Host, LOST_ANSWER, WINDOW};

const HOME: &str = "192.0.2.1";

fn use_token(
    host: &mut Host,
    token: &(u32, Secret),
    (network, lost_answer): (&str, u32),
) -> Result<(), RefreshError> {
    let mut refresh = Host::refresh_request(token, WINDOW, true);
    refresh.network = network.into();
    refresh.policy.lost_answer = Seconds(lost_answer);
    host.send(refresh).map(drop)
}

fn used_once() -> (Host, (u32, Secret)) {
    let mut host = Host::expecting();
    let token = host.redeem().unwrap();
    use_token(&mut host, &token, (HOME, LOST_ANSWER)).unwrap();
    (host, token)
}

#[test]
fn a_thief_revives_the_used_token_of_an_idle_client() {
    let (mut host, used) = used_once();
    host.advance(LOST_ANSWER);
    let reuse = use_token(&mut host, &used, (HOME, LOST_ANSWER));
    assert_eq!(reuse, Err(RefreshError::RefreshTokenReused));
    assert!(host.is_over(), "the reuse ends the grant");
}

#[test]
fn a_client_whose_answer_was_lost_goes_on_within_minutes() {
    let (mut host, used) = used_once();
    host.advance(LOST_ANSWER - 1);
    use_token(&mut host, &used, (HOME, LOST_ANSWER)).unwrap();
    // Two requests at once get the same successor, as within `REFRESH_WINDOW`.
    use_token(&mut host, &used, (HOME, LOST_ANSWER)).unwrap();
}

#[test]
fn presenting_a_used_token_again_and_again_prolongs_its_life() {
    let (mut host, used) = used_once();
    for _ in 0..2 {
        host.advance(LOST_ANSWER / 2 - 1);
        use_token(&mut host, &used, (HOME, LOST_ANSWER)).unwrap();
    }
    host.advance(LOST_ANSWER / 2);
    assert!(use_token(&mut host, &used, (HOME, LOST_ANSWER)).is_err());
}

#[test]
fn a_used_token_from_another_network_is_a_theft() {
    let (mut host, used) = used_once();
    host.advance(WINDOW + 1);
    let reuse = use_token(&mut host, &used, ("198.51.100.7", LOST_ANSWER));
    assert_eq!(reuse, Err(RefreshError::RefreshTokenReused));
    assert!(host.is_over());
}

#[test]
fn an_operator_who_wants_no_second_chance_gives_none() {
    // REFRESH_LOST_ANSWER = 0
    let (mut host, used) = used_once();
    host.advance(WINDOW);
    assert_eq!(use_token(&mut host, &used, (HOME, 0)), Err(RefreshError::RefreshTokenReused));
}
