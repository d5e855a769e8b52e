//! The row of a session: a signed-in browser.

use serde::{Deserialize, Serialize};

use super::grant::GrantRecord;
use crate::domain::account::rows::{self, RowKind, Rows};
use crate::domain::authentication::{Authentication, SessionOrigin};
use crate::domain::secret::SecretHash;
use crate::domain::time::Timestamp;

/// A signed-in browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The hash of the cookie's secret.
    pub secret: SecretHash,
    /// The session's `sid` in ID tokens (OpenID Connect Front-Channel Logout §3).
    pub sid: String,
    /// How and when the user authenticated, as it is stored ([`Session::authentication`]).
    #[serde(flatten)]
    pub(in crate::domain::account) authentication: Authentication,
    /// When the session started; `None` in rows of earlier versions.
    #[serde(default)]
    pub(in crate::domain::account) started_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// A short description of the browser.
    pub browser: String,
    /// A short description of where the browser was.
    pub place: Option<String>,
    /// The upstream provider through which it began, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<SessionOrigin>,
    /// When the user signed in to confirm a change; `None` if the session started for another reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::domain::account) confirmed_at: Option<Timestamp>,
    /// The link that the user has confirmed and that is under way at a provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::domain::account) linking: Option<PendingLink>,
    /// The grant that the session began with, if it ends with the session: both are written at once, as one row. The
    /// session's number is then [`number_of`](super::number_of) the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::domain::account) grant: Option<Box<GrantRecord>>,
}

/// A link that the user has confirmed, until the browser returns from the provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename = "Linking")]
pub struct PendingLink {
    /// The hash of the secret that the browser has to bring back.
    pub secret: SecretHash,
    /// When the link can no longer be completed.
    pub expires_at: Timestamp,
}

impl RowKind for Session {
    const PREFIX: &'static str = "session/";

    fn since(&self) -> Timestamp {
        self.started_at()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Session {
    /// When the session started; in rows of earlier versions, when the user authenticated.
    pub fn started_at(&self) -> Timestamp {
        self.started_at.or(self.authentication.auth_time).unwrap_or_default()
    }

    /// How and when the user authenticated.
    pub fn authentication(&self) -> Authentication {
        // Earlier versions stored a made-up time for providers that didn't report one.
        let is_made_up = self.started_at.is_none() && self.origin.is_some();
        let auth_time = self.authentication.auth_time.filter(|_| !is_made_up);
        Authentication { auth_time, ..self.authentication.clone() }
    }

    /// When the user authenticated (`auth_time`, OpenID Connect Core §2); `None` if that is unknown.
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.authentication().auth_time
    }
}

/// The key of the session with this number.
pub fn key_of(number: u32) -> String {
    format!("{}{number:010}", Session::PREFIX)
}

/// All sessions: key, number, session.
pub fn numbered(rows: &Rows) -> impl Iterator<Item = (&str, u32, &Session)> {
    rows::all::<Session>(rows).filter_map(|(key, session)| {
        Some((key, key.strip_prefix(Session::PREFIX)?.parse().ok()?, session))
    })
}
