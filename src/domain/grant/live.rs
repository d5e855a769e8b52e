//! A grant whose tokens were issued.

use serde::{Deserialize, Serialize};

use super::device_response::RedeemedDeviceCode;
use super::family::{Family, Use};
use super::{
    Active, Authorization, Grant, GrantState, Issue, Poll, PollError, Presented, PresentedError,
    Refresh, RefreshError, Revoke, Terms,
};
use crate::domain::event::Event;
use crate::domain::machine::{Change, Next, Step};
use crate::domain::notice::to_account::AccessTokenRevoked;
use crate::domain::secret::{Secret, SecretHash};
use crate::domain::time::Timestamp;

/// More access tokens than this, revoked one by one and not yet expired, end the grant.
const MAX_REVOKED: usize = 50;

/// The live grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveGrant {
    pub(super) authorization: Authorization,
    /// The authorization code that it came from: a second redemption ends the grant (RFC 6749 §4.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<SecretHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family: Option<Family>,
    /// The device code whose response can still be repeated; `None` once a token was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redeemed_code: Option<Box<RedeemedDeviceCode>>,
    /// Access tokens that were revoked, with the moment when they expire by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revoked: Vec<(String, Timestamp)>,
    /// When the last access token expires.
    tokens_until: Timestamp,
    /// When the grant ends, however often it is refreshed.
    ends_at: Timestamp,
    /// When its own alarm comes; `None` for a grant whose account is its alarm clock. Earlier releases set an alarm
    /// for each grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) wakes_at: Option<Timestamp>,
}

impl LiveGrant {
    pub(super) fn new(
        authorization: Authorization,
        family: Option<Family>,
        terms: Terms,
        now: Timestamp,
    ) -> Self {
        let tokens_until = now.plus(terms.access_token);
        let ends_at = terms.ends_at(now, authorization.not_after);
        Self {
            authorization,
            code: None,
            family,
            redeemed_code: None,
            revoked: Vec::new(),
            tokens_until,
            ends_at,
            wakes_at: None,
        }
    }

    /// Lets the response to this device code be repeated.
    pub(super) fn redeemed_from(mut self, code: RedeemedDeviceCode) -> Self {
        self.redeemed_code = Some(Box::new(code));
        self
    }

    /// The grant of an authorization code.
    pub(super) fn of_code(mut self, code: SecretHash) -> Self {
        self.code = Some(code);
        self
    }

    /// Whether it came from the authorization code with this secret.
    pub(super) fn is_of_code(&self, secret: &Secret) -> bool {
        self.code.is_some_and(|code| code.matches(secret))
    }

    /// When nothing that was issued can be used any more, unless it is refreshed.
    pub(super) fn over_at(&self) -> Timestamp {
        let idle = self.family.as_ref().map_or(self.tokens_until, |family| family.idle_until);
        idle.min(self.ends_at).max(self.tokens_until)
    }

    pub(super) fn refresh(mut self, refresh: &Refresh, now: Timestamp) -> Step<Refresh> {
        let Some(family) = self.family.clone() else {
            return Step::unchanged(Err(RefreshError::Unknown));
        };
        if self.authorization.client_id != refresh.client_id {
            return Step::unchanged(Err(RefreshError::OtherClient));
        }
        if !refresh.scope.as_ref().is_none_or(|scope| self.authorization.scope.covers(scope)) {
            return Step::unchanged(Err(RefreshError::Scope));
        }
        let granted = &self.authorization.resources;
        if !refresh.resources.iter().all(|resource| granted.contains(resource)) {
            return Step::unchanged(Err(RefreshError::Resource));
        }
        if self.ends_at <= now {
            return Step::unchanged(Err(RefreshError::Unknown));
        }
        let issue = |authorization: &Authorization, token| {
            let authorization = authorization.clone();
            Ok(Box::new(Issue { authorization, refresh_token: Some(token), repeatable: None }))
        };
        match family.refresh(refresh, now) {
            Use::Junk => Step::unchanged(Err(RefreshError::WrongSecret)),
            Use::Reused => {
                let replayed = Event::refresh_token_replayed(&refresh.client_id);
                let replayed = self.authorization.concerned(replayed);
                let change = GrantState::Live(Box::new(self)).end().records(Some(replayed));
                change.reply(Err(RefreshError::RefreshTokenReused))
            }
            Use::Repeats(token) => Step::unchanged(issue(&self.authorization, token)),
            Use::GoesOn(family, token) => {
                self.family = Some(family);
                self.redeemed_code = None;
                self.tokens_until = now.plus(refresh.policy.access_token);
                let reply = issue(&self.authorization, token);
                Step::written(GrantState::Live(Box::new(self)), reply)
            }
        }
    }

    /// Repeats the response to a device code (RFC 8628 §3.5): the first one may have been lost.
    pub(super) fn repeat_response(&self, poll: &Poll, now: Timestamp) -> Result<Issue, PollError> {
        if self.authorization.client_id != poll.client_id {
            return Err(PollError::OtherClient);
        }
        let code = self.redeemed_code.as_ref().filter(|code| code.is_repeatable_for(poll, now));
        let code = code.ok_or(PollError::DeviceCodeSpent)?;
        let refresh_token = self.family.as_ref().map(|family| family.first_token(&poll.secret));
        Ok(Issue {
            authorization: self.authorization.clone(),
            refresh_token,
            repeatable: Some(code.token.clone()),
        })
    }

    /// Spends the device code: a token was used, so the response has arrived. Writes this, because the code
    /// must stay spent if memory is lost; once the response can't be repeated any more, writes nothing.
    pub(super) fn spend_device_code(mut self, now: Timestamp) -> Change<Grant> {
        match self.redeemed_code.take() {
            Some(code) if now < code.token.until => {
                Change::written(GrantState::Live(Box::new(self)))
            }
            _ => Change::none(),
        }
    }

    pub(super) fn inspect(
        &self,
        presented: &Presented,
        now: Timestamp,
    ) -> Result<Active, PresentedError> {
        self.check_client(presented)?;
        let expires_at = match presented {
            Presented::AccessToken { jti, .. } => {
                if self.revoked.iter().any(|(revoked, _)| revoked == jti) {
                    return Err(PresentedError::Unknown);
                }
                None
            }
            Presented::RefreshToken { number, secret, .. } => {
                let family = self.family.as_ref().ok_or(PresentedError::Unknown)?;
                if !family.is_active(*number, secret, now) || self.ends_at <= now {
                    return Err(PresentedError::Unknown);
                }
                Some(family.idle_until.min(self.ends_at))
            }
        };
        Ok(Active { authorization: Box::new(self.authorization.clone()), expires_at })
    }

    fn check_client(&self, presented: &Presented) -> Result<(), PresentedError> {
        let is_its_own = presented.client_id() == self.authorization.client_id;
        is_its_own.then_some(()).ok_or(PresentedError::OtherClient)
    }

    pub(super) fn revoke(mut self, presented: Presented, now: Timestamp) -> Step<Revoke> {
        if let Err(error) = self.check_client(&presented) {
            return Step::unchanged(Err(error));
        }
        match presented {
            Presented::RefreshToken { number, secret, .. } => {
                if self.family.as_ref().is_some_and(|family| family.issued(number, &secret)) {
                    GrantState::Live(Box::new(self)).end().reply(Ok(()))
                } else {
                    Step::unchanged(Err(PresentedError::WrongSecret))
                }
            }
            Presented::AccessToken { jti, expires_at, .. } => {
                self.revoked.retain(|(_, expires)| now < *expires);
                if self.revoked.len() >= MAX_REVOKED {
                    return GrantState::Live(Box::new(self)).end().reply(Ok(()));
                }
                let grant_id = self.authorization.grant_id.clone();
                let notice = AccessTokenRevoked { grant_id, jti: jti.clone(), expires_at };
                let effect = self.authorization.tell(&notice);
                self.revoked.push((jti, expires_at));
                self.redeemed_code = None;
                Step::written(GrantState::Live(Box::new(self)), Ok(())).wants(effect)
            }
        }
    }

    /// The alarm that an earlier release set.
    pub(super) fn wake(mut self, now: Timestamp) -> Change<Grant> {
        let over_at = self.over_at();
        if self.wakes_at.is_none() {
            return Change::none();
        }
        if now < over_at {
            self.wakes_at = Some(over_at);
            return Change::written(GrantState::Live(Box::new(self)));
        }
        // The account knows by itself when a grant is over at the latest, and not that nobody has
        // refreshed it.
        let is_idle = self.family.is_some() && now < self.ends_at;
        if is_idle { GrantState::Live(Box::new(self)).end() } else { Change::to(Next::Forgotten) }
    }
}
