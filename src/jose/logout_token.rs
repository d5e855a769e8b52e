//! Logout tokens, with which a provider reports that a session has ended (OpenID Connect Back-Channel Logout §2.4 and
//! §2.6).

use super::access_token::Audience;
use super::upstream_id_token::{CLOCK_SKEW, issuer_matches};
use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject, NumericDate};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a token may be, in seconds.
const MAX_AGE: i64 = 5 * 60;

/// Why a logout token is refused: the validation of §2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenError {
    /// Not three parts, not signed with an accepted algorithm, or without the required claims.
    #[error("logout_token is not a logout token that this server can read")]
    Malformed,
    /// A claim can't be read.
    #[error("logout_token cannot be used: {0}")]
    Claim(#[from] ForeignJsonError),
    /// The signature doesn't verify with any key of the provider.
    #[error("the signature of logout_token does not verify with any key of the provider")]
    Signature,
    /// Wrong `iss`, `aud`, `iat` or `exp` (§2.6 rules 3 and 4).
    #[error("logout_token has another issuer or audience than expected, or is expired or too old")]
    NotForUs,
    /// Neither `sub` nor `sid` (§2.6 rule 5).
    #[error("logout_token has neither sub nor sid")]
    NoSubject,
    /// No logout event (§2.6 rule 6).
    #[error("logout_token has no back-channel logout event")]
    NoEvent,
    /// It has a `nonce` (§2.6 rule 7). An ID token has one, and must not be accepted as a logout token.
    #[error("logout_token must not have a nonce")]
    Nonce,
}

/// The claims of a logout token.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct LogoutToken {
    pub iss: String,
    pub aud: Audience,
    pub iat: i64,
    pub exp: Option<i64>,
    pub jti: String,
    pub sub: Option<String>,
    pub sid: Option<String>,
    pub tid: Option<String>,
    /// Whether `events` has the logout event, as an object.
    pub has_event: bool,
    /// Whether there is a `nonce` of any form.
    pub has_nonce: bool,
    /// The names of optional members that could not be read.
    pub odd: Vec<&'static str>,
}

impl LogoutToken {
    /// Reads the claims.
    ///
    /// # Errors
    /// [`ForeignJsonError`] if a claim that §2.4 requires, or one that limits the token, can't be read: if an
    /// unreadable `sid` counted as absent, all sessions of the user would end instead of one.
    pub fn read(mut claims: ForeignObject) -> Result<Self, ForeignJsonError> {
        let events: ForeignObject = claims.needed("events")?;
        let read = Self {
            iss: claims.needed("iss")?,
            aud: claims.needed("aud")?,
            iat: claims.needed::<NumericDate>("iat")?.0,
            exp: claims.restriction::<NumericDate>("exp")?.map(|date| date.0),
            jti: claims.needed("jti")?,
            sub: claims.restriction("sub")?,
            sid: claims.restriction("sid")?,
            tid: claims.text("tid"),
            has_event: events.needed::<ForeignObject>(EVENT).is_ok(),
            has_nonce: claims.has("nonce"),
            odd: Vec::new(),
        };
        Ok(Self { odd: claims.finish()?, ..read })
    }

    /// Checks the claims of a token whose signature was verified. `now` is in seconds since 1970.
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
        if !self.has_event {
            return Err(LogoutTokenError::NoEvent);
        }
        if self.has_nonce {
            return Err(LogoutTokenError::Nonce);
        }
        Ok(())
    }
}
