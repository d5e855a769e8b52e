//! Who a person is at an upstream provider, once the provider's word was checked.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use crate::protocol::claims::StandardClaims;

/// What becomes of the profile at each sign-in through a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimsUpdate {
    /// What came from this provider follows it; what the person or another provider set stays.
    #[default]
    Follow,
    /// The provider is the authority on everything that it says.
    Overwrite,
    /// What was set when the account was made or linked stays.
    Once,
}

/// A person at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider, as it is configured here.
    pub provider: String,
    /// The provider's issuer, with the person's own tenant where it has many.
    pub issuer: String,
    /// The person's `sub` there, which alone names the person (OpenID Connect Core §5.7).
    pub subject: String,
    /// The address that the provider vouches for: it says that it verified it, and the operator
    /// trusts it to. Any other address is a claim like the rest.
    pub verified_email: Option<String>,
    /// What the provider says of the person.
    pub claims: StandardClaims,
}

/// How the person signed in there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSession {
    /// When, where the provider says.
    pub auth_time: Option<Timestamp>,
    /// How (RFC 8176), where the provider says.
    #[serde(default)]
    pub amr: Vec<String>,
    /// The provider's name for the session, for logout.
    pub sid: Option<String>,
}

impl Identity {
    /// The name of the identifier that leads to this person's account. An issuer has no fragment
    /// (OpenID Connect Discovery §3), so the parts cannot be confused.
    pub fn identifier(&self) -> String {
        identifier(&self.issuer, &self.subject)
    }

    /// The identity without what only the company of its domain may say: that the address is verified, groups
    /// and roles.
    #[must_use]
    pub fn unproven(mut self) -> Self {
        self.verified_email = None;
        self.claims.email_verified = self.claims.email.as_ref().map(|_| false);
        (self.claims.groups, self.claims.roles) = (Vec::new(), Vec::new());
        self
    }

    /// How the person is called there: an address or a name.
    pub fn label(&self) -> &str {
        let claims = &self.claims;
        [&claims.email, &claims.preferred_username, &claims.name]
            .into_iter()
            .find_map(|claim| claim.as_deref())
            .unwrap_or(&self.subject)
    }
}

/// The name of the identifier of a person at a provider.
pub fn identifier(issuer: &str, subject: &str) -> String {
    format!("upstream:{issuer}#{subject}")
}

/// The name of the identifier of a provider's session, by which a logout that names nothing else
/// finds the account.
pub fn session_identifier(issuer: &str, sid: &str) -> String {
    format!("upstream-session:{issuer}#{sid}")
}
