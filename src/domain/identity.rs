//! The identity of a user at an upstream provider, after the provider's response was verified.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use crate::protocol::claims::StandardClaims;
use crate::tenant::ObjectName;

/// What a sign-in through a provider does to the profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimsUpdate {
    /// Claims from this provider are updated; claims that the user or another provider set stay.
    #[default]
    Follow,
    /// The provider's claims replace all others.
    Overwrite,
    /// Claims are set when the account is created or linked, and stay.
    Once,
}

/// A user at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider's ID in this server's configuration.
    pub provider: String,
    /// The provider's issuer; for a provider with many tenants, the issuer of the user's tenant.
    pub issuer: String,
    /// The user's `sub` there. Only `iss` and `sub` identify the user (OpenID Connect Core §5.7).
    pub subject: String,
    /// The e-mail address, if the provider says that it is verified and the operator trusts the provider to verify it.
    /// Any other address is only in `claims`.
    pub verified_email: Option<String>,
    /// The user's claims at the provider.
    pub claims: StandardClaims,
}

/// The session at the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSession {
    /// When the user authenticated there, if the provider says.
    pub auth_time: Option<Timestamp>,
    /// The methods (RFC 8176), if the provider says.
    #[serde(default)]
    pub amr: Vec<String>,
    /// The `sid` of the session, which logout needs.
    pub sid: Option<String>,
}

impl Identity {
    /// The name of the `Identifier` object that leads to this user's account.
    pub fn identifier(&self) -> ObjectName {
        ObjectName::identity(&self.issuer, &self.subject)
    }

    /// The identity without what only the company that owns the domain may assert: a verified address, groups and
    /// roles.
    #[must_use]
    pub fn unproven(mut self) -> Self {
        self.verified_email = None;
        self.claims.email_verified = self.claims.email.as_ref().map(|_| false);
        (self.claims.groups, self.claims.roles) = (Vec::new(), Vec::new());
        self
    }

    /// What to call the user's identity on pages: an address or a name.
    pub fn label(&self) -> &str {
        let claims = &self.claims;
        [&claims.email, &claims.preferred_username, &claims.name]
            .into_iter()
            .find_map(|claim| claim.as_deref())
            .unwrap_or(&self.subject)
    }
}
