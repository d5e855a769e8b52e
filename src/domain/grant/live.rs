//! A grant whose tokens were issued.

use serde::{Deserialize, Serialize};

use super::device_response::RedeemedDeviceCode;
use super::family::Family;
use super::{Authorization, Terms};
use crate::domain::secret::{Secret, SecretHash};
use crate::domain::time::Timestamp;

/// A grant whose tokens were issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveGrant {
    pub(super) authorization: Authorization,
    /// The hash of the redeemed authorization code. A second redemption ends the grant (RFC 6749 §4.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<SecretHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) family: Option<Family>,
    /// The device code whose response can still be repeated; `None` once a token was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) redeemed_code: Option<Box<RedeemedDeviceCode>>,
    /// The `jti` of each revoked access token, and when that token expires anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) revoked: Vec<(String, Timestamp)>,
    /// When the last access token expires.
    pub(super) tokens_until: Timestamp,
    /// When the grant ends, however often it is refreshed.
    pub(super) ends_at: Timestamp,
    /// When the grant's own alarm fires. `None` for a grant that its account's alarm ends; earlier releases set an
    /// alarm for each grant.
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

    /// Makes the response to this device code repeatable.
    pub(super) fn redeemed_from(mut self, code: RedeemedDeviceCode) -> Self {
        self.redeemed_code = Some(Box::new(code));
        self
    }

    /// Stores which authorization code the grant came from.
    pub(super) fn of_code(mut self, code: SecretHash) -> Self {
        self.code = Some(code);
        self
    }

    /// Whether the grant came from the authorization code with this secret.
    pub(super) fn is_of_code(&self, secret: &Secret) -> bool {
        self.code.is_some_and(|code| code.matches(secret))
    }

    /// When everything that was issued has expired, unless it is refreshed.
    pub(super) fn over_at(&self) -> Timestamp {
        let idle = self.family.as_ref().map_or(self.tokens_until, |family| family.idle_until);
        idle.min(self.ends_at).max(self.tokens_until)
    }
}
