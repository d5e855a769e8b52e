//! A device authorization request (RFC 8628).

use serde::{Deserialize, Serialize};

use super::Authorization;
use crate::domain::distance::Location;
use crate::domain::secret::SecretHash;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::scope::Scope;

/// How long an expired request is kept, so that its device receives `expired_token`.
const REMEMBERED: Seconds = Seconds(5 * 60);

/// A device authorization request that waits for a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceGrant {
    /// The hash of the device code's secret.
    pub device_code: SecretHash,
    /// The client.
    pub client_id: String,
    /// The requested scopes.
    pub scope: Scope,
    /// The requested scopes that the client can't have. Kept only in development, for the page that asks the user.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub left_out: Scope,
    /// The requested resources.
    pub resources: Vec<String>,
    /// The location of the device.
    pub location: Location,
    /// When the request was made.
    pub requested_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The minimum time between two polls.
    pub interval: Seconds,
    /// When the device last polled. Kept only in memory, so that a poll writes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polled_at: Option<Timestamp>,
}

/// An approved request whose tokens the device has not fetched yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApprovedDevice {
    pub(super) device_code: SecretHash,
    expires_at: Timestamp,
    /// What the user allowed.
    pub authorization: Authorization,
}

/// A denied request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeniedDevice {
    pub(super) device_code: SecretHash,
    pub(super) client_id: String,
    expires_at: Timestamp,
}

/// The state of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DeviceState {
    /// No user has decided.
    Waiting(DeviceGrant),
    /// Approved.
    Approved(ApprovedDevice),
    /// Denied.
    Denied(DeniedDevice),
}

/// The user's decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Decision {
    /// Approve the request with this authorization.
    Approve(Box<Authorization>),
    /// Deny the request.
    Deny,
}

impl Decision {
    /// Whether this repeats an earlier approval.
    pub(super) fn repeats(&self, before: &Authorization) -> bool {
        match self {
            Self::Approve(now) => now.account == before.account && now.grant_id == before.grant_id,
            Self::Deny => false,
        }
    }
}

/// What the user who decides is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceView {
    /// The client.
    pub client_id: String,
    /// The requested scopes.
    pub scope: Scope,
    /// The requested scopes that the client can't have; empty in production.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub left_out: Scope,
    /// The requested resources.
    pub resources: Vec<String>,
    /// The location of the device.
    pub location: Location,
    /// When the request was made.
    pub requested_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl DeviceState {
    pub(super) fn expires_at(&self) -> Timestamp {
        match self {
            Self::Waiting(waiting) => waiting.expires_at,
            Self::Approved(approved) => approved.expires_at,
            Self::Denied(denied) => denied.expires_at,
        }
    }

    /// When the request can be deleted.
    pub fn forgotten_at(&self) -> Timestamp {
        self.expires_at().plus(REMEMBERED)
    }

    /// Whether another request may use the user code.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.forgotten_at() <= now
    }
}

impl DeviceGrant {
    /// The request, if a user can still decide it.
    pub(super) fn undecided(self, now: Timestamp) -> Option<Self> {
        (now < self.expires_at).then_some(self)
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
            left_out: self.left_out,
            resources: self.resources,
            location: self.location,
            requested_at: self.requested_at,
            expires_at: self.expires_at,
        }
    }
}

impl ApprovedDevice {
    /// When the device can no longer fetch the tokens.
    pub(super) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}
