//! A request to begin a session.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use crate::domain::account::access::Session;
use crate::domain::account::authorization::RequestedAccess;
use crate::domain::authentication::NewAuthentication;
use crate::domain::entropy::{self, Entropy};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};

/// A session to begin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSession {
    /// The `sid` of the session that it continues; `None` for a new one.
    pub sid: Option<String>,
    /// How and when the user authenticated.
    #[serde(flatten)]
    pub authentication: NewAuthentication,
    /// Whether the user signed in to confirm a change.
    #[serde(default)]
    pub confirms: bool,
    /// How long it lasts.
    pub lifetime: Seconds,
    /// A short description of the browser.
    pub browser: String,
    /// A short description of where the browser is.
    pub place: Option<String>,
    /// The access that a waiting app requests, if there is one. The same step decides about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Box<RequestedAccess>>,
}

impl NewSession {
    /// The row to store, and the secret for the cookie.
    pub fn begin(self, now: Timestamp, entropy: &dyn Entropy) -> (Session, Secret) {
        let secret = Secret::random(entropy);
        let new_sid = || Base64UrlUnpadded::encode_string(&entropy::bytes::<16>(entropy));
        let authentication = self.authentication.remembered(now);
        let session = Session {
            secret: secret.hash(),
            sid: self.sid.unwrap_or_else(new_sid),
            confirmed_at: authentication.auth_time.filter(|_| self.confirms),
            authentication,
            linking: None,
            started_at: Some(now),
            expires_at: now.plus(self.lifetime),
            browser: self.browser,
            place: self.place,
            origin: self.authentication.origin,
            grant: None,
        };
        (session, secret)
    }
}
