//! A session as endpoints see it.

use serde::{Deserialize, Serialize};

use super::session::Session;
use crate::domain::account::person::Person;
use crate::domain::authentication::SessionOrigin;
use crate::domain::time::Timestamp;
use crate::protocol::claims::StandardClaims;

/// A session and its user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionView {
    /// The account.
    pub account: String,
    /// The address with which the user signs in; `None` for a user who signs in only through providers.
    pub email: Option<String>,
    /// Whether there is a password.
    pub has_password: bool,
    /// Claims about the user.
    pub claims: StandardClaims,
    /// The unproven address that the account lost because another user proved that it is theirs.
    #[serde(default)]
    pub address_lost: Option<String>,
    /// The session's `sid` in ID tokens.
    pub sid: String,
    /// When the user authenticated; `None` if the upstream provider didn't report it.
    pub auth_time: Option<Timestamp>,
    /// When the user made the sign-in that confirms a change, if there is one
    /// ([`Confirmation::SignIn`](crate::domain::account::Confirmation::SignIn)).
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// When the session started.
    #[serde(default)]
    pub started_at: Timestamp,
    /// The upstream provider through which it began, if there was one.
    #[serde(default)]
    pub origin: Option<SessionOrigin>,
}

impl SessionView {
    /// What pages call the user: the address, or else the name.
    pub fn label(&self) -> &str {
        let claims = &self.claims;
        [&self.email, &claims.email, &claims.preferred_username, &claims.name]
            .into_iter()
            .find_map(|label| label.as_deref())
            .unwrap_or("your account")
    }
}

impl Person {
    /// The session, together with its user.
    pub fn view(&self, session: &Session) -> SessionView {
        SessionView {
            account: self.account.clone(),
            email: self.email.clone(),
            has_password: self.password.is_some(),
            claims: self.stated_claims(),
            address_lost: self.address_lost.clone(),
            sid: session.sid.clone(),
            auth_time: session.auth_time(),
            confirmed_at: self.confirmed_at(session),
            started_at: session.started_at(),
            origin: session.origin.clone(),
        }
    }

    /// When the user made the sign-in that confirms a change; `None` if none does.
    pub fn confirmed_at(&self, session: &Session) -> Option<Timestamp> {
        if self.password.is_some() { session.confirmed_at } else { session.auth_time() }
    }
}
