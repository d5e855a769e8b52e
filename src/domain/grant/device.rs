//! A device that waits for a person (RFC 8628).

use serde::{Deserialize, Serialize};

use super::device_response::RedeemedDeviceCode;
use super::family::Family;
use super::live::LiveGrant;
use super::{Authorization, DecisionError, GrantState, Issue, Poll, PollError};
use crate::domain::distance::Location;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Next, Step};
use crate::domain::secret::SecretHash;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::scope::Scope;

/// By how much each `slow_down` lengthens the interval (RFC 8628 §3.5).
const SLOWER: Seconds = Seconds(5);
/// No interval grows beyond this.
const SLOWEST: Seconds = Seconds(60);
/// A poll that comes early by no more than this was sent in time: networks jitter.
const JITTER: Seconds = Seconds(1);
/// How long an expired request is remembered, so that its device is told `expired_token`.
const REMEMBERED: Seconds = Seconds(5 * 60);

/// What a device asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceGrant {
    /// The hash of the device code's secret.
    pub device_code: SecretHash,
    /// The client.
    pub client_id: String,
    /// Scopes asked for.
    pub scope: Scope,
    /// Resources asked for.
    pub resources: Vec<String>,
    /// Where the device is.
    pub location: Location,
    /// When the request was made.
    pub requested_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The seconds between two polls.
    pub interval: Seconds,
    /// When the device last polled. Kept in memory alone: a poll writes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polled_at: Option<Timestamp>,
}

/// An approved request that the device has not fetched yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApprovedDevice {
    device_code: SecretHash,
    expires_at: Timestamp,
    /// What the person allowed.
    pub authorization: Authorization,
}

/// A denied request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeniedDevice {
    device_code: SecretHash,
    client_id: String,
    expires_at: Timestamp,
}

/// Where the request stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DeviceState {
    /// Nobody has decided.
    Waiting(DeviceGrant),
    /// Approved.
    Approved(ApprovedDevice),
    /// Denied.
    Denied(DeniedDevice),
}

/// What a person decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Decision {
    /// Approved, and this is what is allowed.
    Approve(Box<Authorization>),
    /// Denied.
    Deny,
}

impl Decision {
    /// Whether it is the decision that was taken before.
    pub(super) fn repeats(&self, before: &Authorization) -> bool {
        match self {
            Self::Approve(now) => now.account == before.account && now.grant_id == before.grant_id,
            Self::Deny => false,
        }
    }
}

/// What the person who decides is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceView {
    /// The client.
    pub client_id: String,
    /// Scopes asked for.
    pub scope: Scope,
    /// Resources asked for.
    pub resources: Vec<String>,
    /// Where the device is.
    pub location: Location,
    /// When the request was made.
    pub requested_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl DeviceState {
    fn expires_at(&self) -> Timestamp {
        match self {
            Self::Waiting(waiting) => waiting.expires_at,
            Self::Approved(approved) => approved.expires_at,
            Self::Denied(denied) => denied.expires_at,
        }
    }

    /// When the request is forgotten.
    pub fn forgotten_at(&self) -> Timestamp {
        self.expires_at().plus(REMEMBERED)
    }

    /// Whether the user code may serve another request.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.forgotten_at() <= now
    }

    /// The device asks whether the person has decided (RFC 8628 §3.4 and §3.5).
    pub(super) fn poll(self, poll: &Poll, now: Timestamp, entropy: &dyn Entropy) -> Step<Poll> {
        let (code, owner) = match &self {
            Self::Waiting(waiting) => (&waiting.device_code, &waiting.client_id),
            Self::Approved(approved) => (&approved.device_code, &approved.authorization.client_id),
            Self::Denied(denied) => (&denied.device_code, &denied.client_id),
        };
        if !code.matches(&poll.secret) {
            return Step::unchanged(Err(PollError::WrongSecret));
        }
        if *owner != poll.client_id {
            return Step::unchanged(Err(PollError::OtherClient));
        }
        if self.expires_at() <= now {
            return Step::unchanged(Err(PollError::ExpiredToken));
        }
        match self {
            Self::Waiting(waiting) => {
                let (waiting, error) = waiting.poll(now);
                let state = GrantState::Device(Self::Waiting(waiting));
                Step::to(Next::Remembered(state), Err(error))
            }
            Self::Approved(approved) => {
                let (live, issue) = approved.redeem(poll, now, entropy);
                Step::written(GrantState::Live(Box::new(live)), Ok(Box::new(issue)))
            }
            Self::Denied(_) => Step::unchanged(Err(PollError::AccessDenied)),
        }
    }
}

impl DeviceGrant {
    /// Nobody has decided: the device learns so, or that it asks too often.
    fn poll(mut self, now: Timestamp) -> (Self, PollError) {
        let earliest = self.polled_at.map(|polled| polled.plus(self.interval).minus(JITTER));
        self.polled_at = Some(now);
        if earliest.is_some_and(|earliest| now < earliest) {
            let slower = self.interval.0.saturating_add(SLOWER.0);
            self.interval = Seconds(slower).min(SLOWEST);
            return (self, PollError::SlowDown);
        }
        (self, PollError::AuthorizationPending)
    }

    /// The request, if someone can decide it now.
    pub(super) fn undecided(self, now: Timestamp) -> Result<Self, DecisionError> {
        if now < self.expires_at { Ok(self) } else { Err(DecisionError::ExpiredToken) }
    }

    pub(super) fn decide(self, decision: Decision) -> DeviceState {
        let Self { device_code, client_id, expires_at, .. } = self;
        match decision {
            Decision::Approve(authorization) => {
                let authorization = *authorization;
                DeviceState::Approved(ApprovedDevice { device_code, expires_at, authorization })
            }
            Decision::Deny => {
                DeviceState::Denied(DeniedDevice { device_code, client_id, expires_at })
            }
        }
    }

    pub(super) fn view(self) -> DeviceView {
        DeviceView {
            client_id: self.client_id,
            scope: self.scope,
            resources: self.resources,
            location: self.location,
            requested_at: self.requested_at,
            expires_at: self.expires_at,
        }
    }
}

impl ApprovedDevice {
    /// When the device can't fetch it any more.
    pub(super) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The device fetches what the person allowed: the request is consumed and becomes the grant.
    fn redeem(self, poll: &Poll, now: Timestamp, entropy: &dyn Entropy) -> (LiveGrant, Issue) {
        let Self { device_code, authorization, .. } = self;
        let idle = poll.terms.refresh_idle;
        let begun = idle.map(|idle| Family::begin_for(&poll.secret, now.plus(idle), entropy));
        let (family, refresh_token) = begun.unzip();
        let code = RedeemedDeviceCode::new(device_code, poll, now, entropy);
        let repeatable = Some(code.token.clone());
        let issue = Issue { authorization: authorization.clone(), refresh_token, repeatable };
        let live = LiveGrant::new(authorization, family, poll.terms, now);
        (live.redeemed_from(code), issue)
    }
}
