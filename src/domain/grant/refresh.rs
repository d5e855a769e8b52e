//! Uses a refresh token (RFC 6749 §6, RFC 9700 §4.14.2).

use serde::{Deserialize, Serialize};

use super::family::{PresentedToken, RefreshPolicy, Use};
use super::live::LiveGrant;
use super::{Authorization, Grant, GrantState, Issue};
use crate::domain::entropy::Entropy;
use crate::domain::event::{Event, TokenRefusal};
use crate::domain::machine::{Before, Command, Step};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::protocol::grant_type::GrantType;
use crate::protocol::scope::Scope;

/// A client's request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refresh {
    /// The token's number.
    pub number: u32,
    /// The token's secret.
    pub secret: Secret,
    /// The client that refreshes.
    pub client_id: String,
    /// The requested scopes, if fewer than granted.
    pub scope: Option<Scope>,
    /// The requested resources, if fewer than granted.
    pub resources: Vec<String>,
    /// The client's network: an IPv4 address, or the /64 of an IPv6 address.
    #[serde(default)]
    pub network: String,
    /// How refresh tokens are rotated.
    pub policy: RefreshPolicy,
}

impl Refresh {
    fn token(&self) -> PresentedToken<'_> {
        let Self { number, secret, network, .. } = self;
        PresentedToken { number: *number, secret, network }
    }
}

/// Why no tokens are issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RefreshError {
    /// The grant doesn't exist or has ended.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
    /// The secret is not one that was issued.
    #[error("the refresh token was not issued by this server")]
    WrongSecret,
    /// The refresh token belongs to another client.
    #[error("the refresh token belongs to another client")]
    OtherClient,
    /// The requested scope exceeds the granted one (RFC 6749 §6).
    #[error("the scope exceeds what was granted")]
    Scope,
    /// A requested resource was not granted (RFC 8707 §2.2).
    #[error("the resource was not granted")]
    Resource,
    /// A replay: the whole family is revoked (RFC 9700 §4.14.2).
    #[error("the refresh token was used before; its grant is revoked")]
    RefreshTokenReused,
}

impl RefreshError {
    /// The reason in the event; `None` for a replay, which is an event of its own.
    fn refusal(self) -> Option<TokenRefusal> {
        Some(match self {
            Self::Unknown => TokenRefusal::Ended,
            Self::WrongSecret => TokenRefusal::WrongSecret,
            Self::OtherClient => TokenRefusal::OtherClient,
            Self::Scope => TokenRefusal::Scope,
            Self::Resource => TokenRefusal::Resource,
            Self::RefreshTokenReused => return None,
        })
    }
}

impl Command for Refresh {
    const NAME: &'static str = "Refresh";
    const REPLY: Option<&'static str> = Some("Issue");
    type Machine = Grant;
    type Reply = Box<Issue>;
    type Error = RefreshError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let step: Step<Self> = match before.state {
            Some(GrantState::Live(live)) => refresh(*live, &self, now),
            _ => Step::unchanged(Err(RefreshError::Unknown)),
        };
        let event = match &step.reply {
            Ok(issue) => {
                let scope = self.scope.as_ref().unwrap_or(&issue.authorization.scope);
                Some(issue.authorization.tokens_issued(GrantType::RefreshToken, scope))
            }
            Err(error) => {
                let refused = |reason| {
                    Event::tokens_refused(GrantType::RefreshToken, &self.client_id, reason)
                };
                error.refusal().map(refused)
            }
        };
        step.records(event)
    }
}

fn refresh(mut live: LiveGrant, refresh: &Refresh, now: Timestamp) -> Step<Refresh> {
    let Some(family) = live.family.clone() else {
        return Step::unchanged(Err(RefreshError::Unknown));
    };
    if live.authorization.client_id != refresh.client_id {
        return Step::unchanged(Err(RefreshError::OtherClient));
    }
    if !refresh.scope.as_ref().is_none_or(|scope| live.authorization.scope.covers(scope)) {
        return Step::unchanged(Err(RefreshError::Scope));
    }
    let granted = &live.authorization.resources;
    if !refresh.resources.iter().all(|resource| granted.contains(resource)) {
        return Step::unchanged(Err(RefreshError::Resource));
    }
    if live.ends_at <= now {
        return Step::unchanged(Err(RefreshError::Unknown));
    }
    let issue = |authorization: &Authorization, token| {
        let authorization = authorization.clone();
        Ok(Box::new(Issue { authorization, refresh_token: Some(token), repeatable: None }))
    };
    match family.refresh(&refresh.token(), refresh.policy, now) {
        Use::Junk => Step::unchanged(Err(RefreshError::WrongSecret)),
        Use::Reused => {
            let replayed = Event::refresh_token_replayed(&refresh.client_id);
            let replayed = live.authorization.concerned(replayed);
            let change = GrantState::Live(Box::new(live)).end().records(Some(replayed));
            change.reply(Err(RefreshError::RefreshTokenReused))
        }
        Use::Repeats(token) => Step::unchanged(issue(&live.authorization, token)),
        Use::GoesOn(family, token) => {
            live.family = Some(family);
            live.redeemed_code = None;
            live.tokens_until = now.plus(refresh.policy.access_token);
            let reply = issue(&live.authorization, token);
            Step::written(GrantState::Live(Box::new(live)), reply)
        }
    }
}
