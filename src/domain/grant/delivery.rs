//! The answer to a device code, given again while nobody has used its tokens (RFC 8628 §3.5).
//!
//! Nobody can know whether whoever sent a poll is still there to read the answer: a held poll (`Prefer: wait`)
//! outlives its caller. So for a short time the same device code gets the same tokens again. The refresh token
//! is derived from the code's secret, and the access token repeats its `jti`, `iat` and `exp`, so that nothing
//! is stored from which a token could be made, and revoking one copy revokes the other.

use serde::{Deserialize, Serialize};

use super::Terms;
use crate::domain::entropy::{self, Entropy};
use crate::domain::secret::{Secret, SecretHash};
use crate::domain::time::{Seconds, Timestamp};

/// A device's request for its tokens (RFC 8628 §3.4).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Poll {
    /// The secret of the device code.
    pub secret: Secret,
    /// The client that asks.
    pub client_id: String,
    /// What is issued.
    pub terms: Terms,
    /// For how many seconds the same answer is given again, in case it was lost; 0 turns this off.
    #[serde(default)]
    pub lost_answer: Seconds,
}

/// The part of an access token that is the same in each copy of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeatable {
    /// `jti`.
    pub jti: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// Until when the answer is given again.
    pub until: Timestamp,
}

/// A device code whose answer may have been lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    device_code: SecretHash,
    /// What each copy of the answer repeats.
    pub token: Repeatable,
}

impl Delivery {
    /// The first answer to a poll.
    pub fn begin(
        device_code: SecretHash,
        poll: &Poll,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Self {
        let jti = base16ct::lower::encode_string(&entropy::bytes::<16>(entropy));
        // A copy whose access token has expired would be of no use.
        let lasts = poll.lost_answer.min(poll.terms.access_token);
        // Whole seconds, as the token tells them (RFC 7519 §2).
        let issued_at = Timestamp::from_seconds(now.seconds());
        let until = issued_at.plus(lasts);
        Self { device_code, token: Repeatable { jti, issued_at, until } }
    }

    /// Whether the answer may be given again to whoever holds the code's secret.
    pub fn repeats_for(&self, poll: &Poll, now: Timestamp) -> bool {
        self.device_code.matches(&poll.secret) && now < self.token.until
    }
}
