//! Logout tokens: how a provider says that a session is over (OpenID Connect Back-Channel Logout
//! §2.4 and §2.6).

use serde::Deserialize;

use super::access_token::Audience;
use super::upstream_id_token::{CLOCK_SKEW, issuer_matches};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a token may be, in seconds.
const MAX_AGE: i64 = 5 * 60;

/// Why a logout token is refused: the validation of §2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenError {
    /// Not three parts, not signed as it must be, or not the claims of a logout token.
    #[error("logout_token is not a logout token that this server can read")]
    Malformed,
    /// Signed by nobody that the provider knows.
    #[error("the signature of logout_token does not hold")]
    Signature,
    /// §2.6 rules 3 and 4.
    #[error("logout_token is from another issuer, for another client, or from another time")]
    NotForUs,
    /// §2.6 rule 5.
    #[error("logout_token names neither sub nor sid")]
    NoSubject,
    /// §2.6 rule 6.
    #[error("logout_token does not have the event of a logout")]
    NoEvent,
    /// §2.6 rule 7: an ID token has one, and must not pass for a logout token.
    #[error("logout_token must not have a nonce")]
    Nonce,
}

/// The claims of a logout token.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct LogoutToken {
    pub iss: String,
    pub aud: Audience,
    pub iat: i64,
    #[serde(default)]
    pub exp: Option<i64>,
    pub jti: String,
    #[serde(default)]
    pub sub: Option<String>,
    #[serde(default)]
    pub sid: Option<String>,
    #[serde(default)]
    pub tid: Option<String>,
    pub events: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    pub nonce: Option<serde_json::Value>,
}

impl LogoutToken {
    /// Checks the claims, once the signature holds; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// See [`LogoutTokenError`].
    pub fn check(&self, issuer: &str, client_id: &str, now: i64) -> Result<(), LogoutTokenError> {
        let young = self.iat >= now.saturating_sub(MAX_AGE).saturating_sub(CLOCK_SKEW)
            && self.iat <= now.saturating_add(CLOCK_SKEW);
        let alive = self.exp.is_none_or(|exp| now < exp.saturating_add(CLOCK_SKEW));
        let ours =
            issuer_matches(issuer, &self.iss, self.tid.as_deref()) && self.aud.contains(client_id);
        if !young || !alive || !ours {
            return Err(LogoutTokenError::NotForUs);
        }
        if self.sub.is_none() && self.sid.is_none() {
            return Err(LogoutTokenError::NoSubject);
        }
        if !self.events.get(EVENT).is_some_and(serde_json::Value::is_object) {
            return Err(LogoutTokenError::NoEvent);
        }
        if self.nonce.is_some() {
            return Err(LogoutTokenError::Nonce);
        }
        Ok(())
    }
}
