//! A grant whose tokens were issued.

use serde::{Deserialize, Serialize};

use super::device_response::{Poll, RedeemedDeviceCode};
use super::family::{Family, Refresh, Use};
use super::{
    Authorization, GrantCommand, GrantError, GrantReply, GrantState, Issue, Presented, Terms,
};
use crate::domain::account::AccountNotice;
use crate::domain::machine::{Next, Step};
use crate::domain::time::Timestamp;

/// More access tokens than this, revoked one by one and not yet expired, end the grant.
const MAX_REVOKED: usize = 50;

/// The live grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveGrant {
    pub(super) authorization: Authorization,
    /// When the code expires that it came from: a second redemption ends the grant (RFC 6749 §4.1.2),
    /// and until then an end is remembered, so that the code does not begin another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code_until: Option<Timestamp>,
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
    /// When to look whether it has expired. Moved only when that moment comes, so that a refresh
    /// does not pay for setting an alarm.
    pub(super) wakes_at: Timestamp,
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
        let wakes_at = terms.over(now, authorization.not_after);
        Self {
            authorization,
            code_until: None,
            family,
            redeemed_code: None,
            revoked: Vec::new(),
            tokens_until,
            ends_at,
            wakes_at,
        }
    }

    /// Lets the response to this device code be repeated.
    pub(super) fn redeemed_from(mut self, code: RedeemedDeviceCode) -> Self {
        self.redeemed_code = Some(Box::new(code));
        self
    }

    /// The grant of a code that expires then, and whose object wakes at that moment.
    pub(super) fn of_code(mut self, expires_at: Timestamp, wakes_at: Timestamp) -> Self {
        self.code_until = Some(expires_at);
        self.wakes_at = self.wakes_at.max(wakes_at);
        self
    }

    /// When nothing that was issued can be used any more.
    fn expires_at(&self) -> Timestamp {
        let idle = self.family.as_ref().map_or(self.tokens_until, |family| family.idle_until);
        let over = idle.min(self.ends_at).max(self.tokens_until);
        self.code_until.map_or(over, |code_until| over.max(code_until))
    }

    /// Ends it, and has the account forget it.
    fn end(&self, reply: Result<GrantReply, GrantError>, now: Timestamp) -> Step<GrantCommand> {
        let mut step = super::end(&self.authorization, reply);
        if let Some(until) = self.code_until.filter(|until| now < *until) {
            step.change.next = Next::Written(GrantState::Ended { until });
        }
        step
    }

    pub(super) fn step(self, command: GrantCommand, now: Timestamp) -> Step<GrantCommand> {
        match command {
            GrantCommand::Redeem(redemption) => {
                if redemption.client_id != self.authorization.client_id {
                    return Step::unchanged(Err(GrantError::OtherClient));
                }
                self.end(Err(GrantError::CodeReplayed), now)
            }
            GrantCommand::Refresh(refresh) => self.refresh(&refresh, now),
            GrantCommand::Inspect(presented) => match self.inspect(&presented, now) {
                Ok(reply) => self.spend_device_code(reply, now),
                Err(error) => Step::unchanged(Err(error)),
            },
            GrantCommand::Poll(poll) => Step::unchanged(self.repeat_response(&poll, now)),
            GrantCommand::SpendDeviceCode => self.spend_device_code(GrantReply::Done, now),
            GrantCommand::Revoke(presented) => self.revoke(presented, now),
            GrantCommand::End => self.end(Ok(GrantReply::Done), now),
            // The same person's same answer, sent twice.
            GrantCommand::Decide(decision) if decision.repeats(&self.authorization) => {
                Step::unchanged(Ok(GrantReply::Done))
            }
            // Redeemed already: the device has its tokens, and a person has decided.
            GrantCommand::Decide(_) | GrantCommand::LookUp => {
                Step::unchanged(Err(GrantError::Decided))
            }
            _ => Step::unchanged(Err(GrantError::Unknown)),
        }
    }

    fn refresh(mut self, refresh: &Refresh, now: Timestamp) -> Step<GrantCommand> {
        let Some(family) = self.family.take() else {
            return Step::unchanged(Err(GrantError::Unknown));
        };
        if self.authorization.client_id != refresh.client_id {
            return Step::unchanged(Err(GrantError::OtherClient));
        }
        if !refresh.scope.as_ref().is_none_or(|scope| self.authorization.scope.covers(scope)) {
            return Step::unchanged(Err(GrantError::Scope));
        }
        let granted = &self.authorization.resources;
        if !refresh.resources.iter().all(|resource| granted.contains(resource)) {
            return Step::unchanged(Err(GrantError::Resource));
        }
        if self.ends_at <= now {
            return Step::unchanged(Err(GrantError::Unknown));
        }
        let issue = |authorization: &Authorization, token| {
            let authorization = authorization.clone();
            Ok(GrantReply::Issue(Box::new(Issue {
                authorization,
                refresh_token: Some(token),
                repeatable: None,
            })))
        };
        match family.refresh(refresh, now) {
            Use::Junk => Step::unchanged(Err(GrantError::WrongSecret)),
            Use::Reused => self.end(Err(GrantError::RefreshTokenReused), now),
            Use::Repeats(token) => Step::unchanged(issue(&self.authorization, token)),
            Use::GoesOn(family, token) => {
                self.family = Some(family);
                self.redeemed_code = None;
                self.tokens_until = now.plus(refresh.policy.access_token);
                let reply = issue(&self.authorization, token);
                Step::written(GrantState::Live(self), reply)
            }
        }
    }

    /// Repeats the response to a device code (RFC 8628 §3.5): the first one may have been lost.
    fn repeat_response(&self, poll: &Poll, now: Timestamp) -> Result<GrantReply, GrantError> {
        if self.authorization.client_id != poll.client_id {
            return Err(GrantError::OtherClient);
        }
        let code = self.redeemed_code.as_ref().filter(|code| code.is_repeatable_for(poll, now));
        let code = code.ok_or(GrantError::DeviceCodeSpent)?;
        let refresh_token = self.family.as_ref().map(|family| family.first_token(&poll.secret));
        Ok(GrantReply::Issue(Box::new(Issue {
            authorization: self.authorization.clone(),
            refresh_token,
            repeatable: Some(code.token.clone()),
        })))
    }

    /// Spends the device code: a token was used, so the response has arrived. Writes this, because the code
    /// must stay spent if memory is lost; once the response can't be repeated any more, writes nothing.
    fn spend_device_code(mut self, reply: GrantReply, now: Timestamp) -> Step<GrantCommand> {
        match self.redeemed_code.take() {
            Some(code) if now < code.token.until => {
                Step::written(GrantState::Live(self), Ok(reply))
            }
            _ => Step::unchanged(Ok(reply)),
        }
    }

    fn owns(&self, presented: &Presented) -> Result<(), GrantError> {
        let (Presented::RefreshToken { client_id, .. } | Presented::AccessToken { client_id, .. }) =
            presented;
        if *client_id == self.authorization.client_id {
            Ok(())
        } else {
            Err(GrantError::OtherClient)
        }
    }

    fn inspect(&self, presented: &Presented, now: Timestamp) -> Result<GrantReply, GrantError> {
        self.owns(presented)?;
        let expires_at = match presented {
            Presented::AccessToken { jti, .. } => {
                if self.revoked.iter().any(|(revoked, _)| revoked == jti) {
                    return Err(GrantError::Unknown);
                }
                None
            }
            Presented::RefreshToken { number, secret, .. } => {
                let family = self.family.as_ref().ok_or(GrantError::Unknown)?;
                if !family.is_active(*number, secret, now) || self.ends_at <= now {
                    return Err(GrantError::Unknown);
                }
                Some(family.idle_until.min(self.ends_at))
            }
        };
        let authorization = Box::new(self.authorization.clone());
        Ok(GrantReply::Active { authorization, expires_at })
    }

    fn revoke(mut self, presented: Presented, now: Timestamp) -> Step<GrantCommand> {
        if let Err(error) = self.owns(&presented) {
            return Step::unchanged(Err(error));
        }
        match presented {
            Presented::RefreshToken { number, secret, .. } => {
                if self.family.as_ref().is_some_and(|family| family.issued(number, &secret)) {
                    self.end(Ok(GrantReply::Done), now)
                } else {
                    Step::unchanged(Err(GrantError::WrongSecret))
                }
            }
            Presented::AccessToken { jti, expires_at, .. } => {
                self.revoked.retain(|(_, expires)| now < *expires);
                if self.revoked.len() >= MAX_REVOKED {
                    return self.end(Ok(GrantReply::Done), now);
                }
                let grant_id = self.authorization.grant_id.clone();
                let revoked =
                    AccountNotice::access_token_revoked(grant_id, jti.clone(), expires_at);
                let effect = super::tell_account(&self.authorization, &revoked);
                self.revoked.push((jti, expires_at));
                self.redeemed_code = None;
                Step::written(GrantState::Live(self), Ok(GrantReply::Done)).wants(effect)
            }
        }
    }

    pub(super) fn wake(mut self, now: Timestamp) -> Step<GrantCommand> {
        let expires_at = self.expires_at();
        if now < expires_at {
            self.wakes_at = expires_at;
            return Step::written(GrantState::Live(self), Ok(GrantReply::Done));
        }
        // The account knows by itself when a grant is over at the latest, and not that nobody has
        // refreshed it.
        let is_idle = self.family.is_some() && now < self.ends_at;
        if is_idle {
            super::end(&self.authorization, Ok(GrantReply::Done))
        } else {
            Step::to(Next::Forgotten, Ok(GrantReply::Done))
        }
    }
}
