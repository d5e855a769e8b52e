//! The token response to a device code, repeated while nobody has used its tokens (RFC 8628 §3.5).
//!
//! The server can't know whether the response reached the device: a device may hang up while its poll is held (`Prefer:
//! wait`). So for a short time the same device code gets the same tokens again. The refresh token is derived from the
//! code's secret, so no token can be made from what is stored. The access token repeats its `jti`, `iat` and `exp`, so
//! revoking one copy revokes the other.

use serde::{Deserialize, Serialize};

use crate::domain::entropy::{self, Entropy};
use crate::domain::secret::{Secret, SecretHash};
use crate::domain::time::{Seconds, Timestamp};

/// The claims of the access token that each copy of the response repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeatable {
    /// `jti`.
    pub jti: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// When the response can no longer be repeated.
    pub until: Timestamp,
}

/// A redeemed device code whose response may have been lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RedeemedDeviceCode {
    device_code: SecretHash,
    /// The claims that each copy of the response repeats.
    pub token: Repeatable,
}

impl RedeemedDeviceCode {
    /// Chooses the repeated claims, and for how many seconds the response can be repeated.
    pub fn new(
        device_code: SecretHash,
        lasts: Seconds,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Self {
        let jti = base16ct::lower::encode_string(&entropy::bytes::<16>(entropy));
        // Whole seconds, as in the token's `iat` (RFC 7519 §2).
        let issued_at = Timestamp::from_seconds(now.seconds());
        let until = issued_at.plus(lasts);
        Self { device_code, token: Repeatable { jti, issued_at, until } }
    }

    /// Whether `secret` is the device code's, and the response can still be repeated.
    pub fn is_repeatable_for(&self, secret: &Secret, now: Timestamp) -> bool {
        self.device_code.matches(secret) && now < self.token.until
    }
}
