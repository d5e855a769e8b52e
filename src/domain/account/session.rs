//! Signed-in browsers.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::authorize::AuthorizeRequest;
use super::row::{self, Row, Session, SessionOrigin};
use super::{AccountError, Person, Rows};
use crate::domain::entropy::{self, Entropy};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::StandardClaims;

/// What a browser shows: the number of its session and its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionProof {
    /// The number.
    pub number: u32,
    /// The secret.
    pub secret: Secret,
}

/// A session that begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSession {
    /// The name of the session that it continues; a new one has none yet.
    pub sid: Option<String>,
    /// How the person signed in (RFC 8176).
    pub amr: Vec<String>,
    /// When, where that was before now: at another provider.
    #[serde(default)]
    pub auth_time: Option<Timestamp>,
    /// Through which provider.
    #[serde(default)]
    pub origin: Option<SessionOrigin>,
    /// How long it lasts.
    pub lifetime: Seconds,
    /// The browser, in a few words.
    pub browser: String,
    /// Where it is, in a few words.
    pub place: Option<String>,
    /// What an app asks for, where one waits: it is decided in the same step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Box<AuthorizeRequest>>,
}

/// A session as the endpoints see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionView {
    /// The account.
    pub account: String,
    /// The address with which the person signs in; none for one who signs in elsewhere alone.
    pub email: Option<String>,
    /// Whether there is a password.
    pub has_password: bool,
    /// Claims about the person.
    pub claims: StandardClaims,
    /// The session's name in ID tokens.
    pub sid: String,
    /// When the person signed in.
    pub auth_time: Timestamp,
    /// Through which provider, where it was one.
    #[serde(default)]
    pub origin: Option<SessionOrigin>,
}

impl SessionView {
    /// How the person is called on a page: by address, or by name.
    pub fn label(&self) -> &str {
        let claims = &self.claims;
        [&self.email, &claims.email, &claims.preferred_username, &claims.name]
            .into_iter()
            .find_map(|label| label.as_deref())
            .unwrap_or("your account")
    }
}

impl NewSession {
    pub(super) fn begin(self, now: Timestamp, entropy: &dyn Entropy) -> (Session, Secret) {
        let secret = Secret::random(entropy);
        let new_sid = || Base64UrlUnpadded::encode_string(&entropy::bytes::<16>(entropy));
        let session = Session {
            secret: secret.hash(),
            sid: self.sid.unwrap_or_else(new_sid),
            auth_time: self.auth_time.unwrap_or(now).min(now),
            amr: self.amr,
            expires_at: now.plus(self.lifetime),
            browser: self.browser,
            place: self.place,
            origin: self.origin,
        };
        (session, secret)
    }
}

/// The session that the proof proves.
pub(super) fn find<'a>(
    rows: &'a Rows,
    proof: &SessionProof,
    now: Timestamp,
) -> Result<&'a Session, AccountError> {
    match rows.get(&row::session_key(proof.number)) {
        Some(Row::Session(session))
            if session.secret.matches(&proof.secret) && now < session.expires_at =>
        {
            Ok(session)
        }
        _ => Err(AccountError::NoSession),
    }
}

pub(super) fn view(person: &Person, session: &Session) -> SessionView {
    SessionView {
        account: person.account.clone(),
        email: person.email.clone(),
        has_password: person.password.is_some(),
        claims: person.claims.clone(),
        sid: session.sid.clone(),
        auth_time: session.auth_time,
        origin: session.origin.clone(),
    }
}
