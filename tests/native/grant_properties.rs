//! Any sequence of operations on a grant, in any order and at any time (RFC 6749 §4.1.2 and §6,
//! RFC 9700 §4.14.2).

use std::collections::BTreeMap;
use std::rc::Rc;

use proptest::prelude::*;
use vestibule::domain::authentication::NewAuthentication;
use vestibule::domain::grant::code::PendingCode;
use vestibule::domain::grant::family::RefreshPolicy;
use vestibule::domain::grant::{
    Authorization, Expect, Grant, GrantState, Issue, Presented, Redeem, RedeemError, Refresh,
    RefreshError, Revoke, Terms, Wake,
};
use vestibule::domain::machine::{Before, Command, Next};
use vestibule::domain::notice::to_grant::End;
use vestibule::domain::secret::Secret;
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::protocol::claims::ClaimsRequest;
use vestibule::protocol::pkce::{CodeChallenge, CodeVerifier};
use vestibule::protocol::scope::Scope;

use crate::support::{START, SeededEntropy};

pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const REDIRECT_URI: &str = "https://app.example.test/callback";
pub const WINDOW: u32 = 10;
pub const LOST_ANSWER: u32 = 300;

/// A grant in a minimal host.
#[derive(Clone)]
pub struct Host {
    pub state: Option<String>,
    /// The stored state, which remains when the memory is lost.
    pub stored: Option<String>,
    pub now: Timestamp,
    pub entropy: Rc<SeededEntropy>,
}

const CODE_EXPIRES_AT: Timestamp = Timestamp(START.0 + 60_000);

pub fn authorization() -> Authorization {
    Authorization {
        grant_id: "g".repeat(64),
        account: "a".repeat(64),
        client_id: "client".into(),
        scope: Scope::parse("openid offline_access").unwrap(),
        resources: vec!["https://api.example.test".into()],
        nonce: None,
        claims: ClaimsRequest::default(),
        authentication: NewAuthentication::by_password().remembered(START),
        sid: "sid".into(),
        not_after: None,
    }
}

/// The secret of the code.
pub fn code() -> Secret {
    Secret::from_bytes([7; 32])
}

pub fn pending_code() -> PendingCode {
    PendingCode {
        code: code().hash(),
        expires_at: CODE_EXPIRES_AT,
        code_challenge: Some(CodeChallenge::parse(CHALLENGE, Some("S256")).unwrap()),
        redirect_uri: REDIRECT_URI.into(),
        authorization: authorization(),
    }
}

pub fn terms() -> Terms {
    Terms {
        access_token: Seconds(600),
        refresh_idle: Some(Seconds(30 * 86_400)),
        grant: Seconds(365 * 86_400),
    }
}

impl Host {
    pub fn expecting() -> Self {
        let entropy = SeededEntropy::new();
        let mut host = Self { state: None, stored: None, now: START, entropy };
        host.send(Expect(Box::new(pending_code()))).unwrap();
        host
    }

    pub fn lose_memory(&mut self) {
        self.state.clone_from(&self.stored);
    }

    pub fn send<C: Command<Machine = Grant>>(&mut self, command: C) -> Result<C::Reply, C::Error> {
        let state: Option<GrantState> =
            self.state.as_deref().map(|text| serde_json::from_str(text).unwrap());
        let before = Before { state, rows: BTreeMap::new() };
        let step = command.decide(before, self.now, &*self.entropy);
        match step.change.next {
            Next::Unchanged => {}
            Next::Remembered(state) | Next::Awaited(state) => {
                self.state = Some(serde_json::to_string(&state).unwrap());
            }
            Next::Written(state) => {
                self.state = Some(serde_json::to_string(&state).unwrap());
                self.stored.clone_from(&self.state);
            }
            Next::Forgotten => (self.state, self.stored) = (None, None),
        }
        step.reply
    }

    /// Whether nothing can be redeemed, refreshed or revived any more.
    pub fn is_over(&self) -> bool {
        let state = self.state.as_deref().map(|text| serde_json::from_str(text).unwrap());
        match state {
            None | Some(GrantState::Ended { .. }) => true,
            Some(GrantState::Code(_)) => CODE_EXPIRES_AT <= self.now,
            Some(_) => false,
        }
    }

    pub fn redemption(&self) -> Redeem {
        Redeem {
            code: code(),
            client_id: "client".into(),
            redirect_uri: Some(REDIRECT_URI.into()),
            code_verifier: Some(CodeVerifier::parse(VERIFIER).unwrap()),
            needs_pkce: true,
            resources: Vec::new(),
            terms: terms(),
        }
    }

    pub fn redeem(&mut self) -> Result<(u32, Secret), RedeemError> {
        self.send(self.redemption()).map(refresh_token)
    }

    pub fn refresh(&mut self, token: &(u32, Secret)) -> Result<(u32, Secret), RefreshError> {
        self.refresh_with(token, WINDOW, true)
    }

    pub fn refresh_with(
        &mut self,
        token: &(u32, Secret),
        window: u32,
        rotate: bool,
    ) -> Result<(u32, Secret), RefreshError> {
        let refresh = Self::refresh_request(token, window, rotate);
        self.send(refresh).map(refresh_token)
    }

    pub fn refresh_request((number, secret): &(u32, Secret), window: u32, rotate: bool) -> Refresh {
        let policy = RefreshPolicy {
            rotate,
            window: Seconds(window),
            lost_answer: Seconds(LOST_ANSWER),
            idle: Seconds(30 * 86_400),
            access_token: Seconds(600),
        };
        Refresh {
            number: *number,
            secret: secret.clone(),
            client_id: "client".into(),
            scope: None,
            resources: Vec::new(),
            network: "192.0.2.1".into(),
            policy,
        }
    }

    pub fn advance(&mut self, seconds: u32) {
        self.now = self.now.plus(Seconds(seconds));
    }
}

pub fn refresh_token(issue: Box<Issue>) -> (u32, Secret) {
    issue.refresh_token.expect("a refresh token")
}

#[derive(Clone, Debug)]
enum Operation {
    Redeem,
    RedeemWithoutVerifier,
    LoseMemory,
    RedeemAsOtherClient,
    RedeemWithWrongSecret,
    /// Uses one of the tokens issued so far.
    Refresh(prop::sample::Index),
    RefreshWithJunk(u32),
    RevokeAccessToken(u8),
    Revoke(prop::sample::Index),
    End,
    Wake,
    Advance(u32),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        3 => Just(Operation::Redeem),
        1 => Just(Operation::RedeemWithoutVerifier),
        3 => Just(Operation::LoseMemory),
        1 => Just(Operation::RedeemAsOtherClient),
        1 => Just(Operation::RedeemWithWrongSecret),
        12 => any::<prop::sample::Index>().prop_map(Operation::Refresh),
        1 => any::<u32>().prop_map(Operation::RefreshWithJunk),
        1 => any::<u8>().prop_map(Operation::RevokeAccessToken),
        1 => any::<prop::sample::Index>().prop_map(Operation::Revoke),
        1 => Just(Operation::End),
        2 => Just(Operation::Wake),
        8 => prop_oneof![0..5_u32, 8..30_u32, Just(700), Just(86_400 * 20)]
            .prop_map(Operation::Advance),
    ];
    prop::collection::vec(operation, 1..40)
}

/// Once the window has passed, no two tokens can both be used one after the other: using one makes the other invalid or
/// ends the grant.
fn no_two_tokens_live(host: &Host, issued: &[(u32, Secret)]) -> Result<(), TestCaseError> {
    for first in issued {
        let mut after = host.clone();
        after.advance(WINDOW + 1);
        let Ok(successor) = after.refresh(first) else { continue };
        for second in issued.iter().filter(|token| token.0 != first.0 && token.0 != successor.0) {
            let mut later = after.clone();
            later.advance(WINDOW + 1);
            prop_assert!(later.refresh(second).is_err(), "{} lives beside {}", second.0, first.0);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn a_grant_redeems_once_never_revives_and_never_has_two_live_tokens(operations in operations()) {
        let mut host = Host::expecting();
        let mut issued: Vec<(u32, Secret)> = Vec::new();
        let mut redemptions = 0;
        let mut ended = false;
        for operation in operations {
            let before = !host.is_over();
            let token = |index: prop::sample::Index| {
                (!issued.is_empty()).then(|| issued[index.index(issued.len())].clone())
            };
            let succeeded = match operation {
                Operation::Redeem => match host.redeem() {
                    Ok(token) => { redemptions += 1; issued.push(token); true }
                    Err(_) => false,
                },
                Operation::RedeemWithoutVerifier => {
                    let mut redemption = host.redemption();
                    redemption.code_verifier = None;
                    prop_assert!(host.send(redemption).is_err());
                    false
                }
                Operation::LoseMemory => { host.lose_memory(); false }
                Operation::RedeemAsOtherClient => {
                    let mut redemption = host.redemption();
                    redemption.client_id = "other".into();
                    let state = host.state.clone();
                    prop_assert!(host.send(redemption).is_err());
                    prop_assert_eq!(&state, &host.state);
                    false
                }
                Operation::RedeemWithWrongSecret => {
                    let redemption = Redeem { code: Secret::from_bytes([8; 32]), ..host.redemption() };
                    let state = host.state.clone();
                    prop_assert!(host.send(redemption).is_err());
                    prop_assert_eq!(&state, &host.state);
                    false
                }
                Operation::Refresh(index) => match token(index) {
                    Some(token) => match host.refresh(&token) {
                        Ok(next) => {
                            if issued.iter().all(|(number, _)| *number != next.0) {
                                issued.push(next);
                            }
                            true
                        }
                        Err(_) => false,
                    },
                    None => false,
                },
                Operation::RefreshWithJunk(number) => {
                    let state = host.state.clone();
                    prop_assert!(host.refresh(&(number, Secret::from_bytes([9; 32]))).is_err());
                    prop_assert_eq!(&state, &host.state);
                    false
                }
                Operation::RevokeAccessToken(jti) => {
                    let expires_at = host.now.plus(Seconds(600));
                    let (jti, client_id) = (jti.to_string(), "client".into());
                    let presented = Presented::AccessToken { jti, expires_at, client_id };
                    host.send(Revoke(presented)).is_ok()
                }
                Operation::Revoke(index) => match token(index) {
                    Some((number, secret)) => {
                        let client_id = "client".into();
                        let presented = Presented::RefreshToken { number, secret, client_id };
                        let revoked = host.send(Revoke(presented)).is_ok();
                        prop_assert!(!revoked || host.is_over());
                        false
                    }
                    None => false,
                },
                Operation::End => { host.send(End).ok(); false }
                Operation::Wake => { host.send(Wake).ok(); false }
                Operation::Advance(seconds) => { host.advance(seconds); false }
            };
            prop_assert!(redemptions <= 1, "a code is redeemed at most once");
            prop_assert!(!(ended && succeeded), "an ended grant never revives");
            ended = ended || (before && host.is_over());
            prop_assert!(!ended || host.is_over());
        }
        no_two_tokens_live(&host, &issued)?;
    }
}
