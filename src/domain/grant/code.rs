//! An authorization code (RFC 6749 §4.1, OAuth 2.1 §4.1): what a person allowed, sealed in the code
//! itself. Nothing is stored for one that nobody redeems; its redemption is the first thing that its
//! grant remembers, so that there is no second.

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::live::LiveGrant;
use super::{Authorization, GrantError, Issue, Terms};
use crate::domain::entropy::Entropy;
use crate::domain::time::Timestamp;
use crate::protocol::pkce::{CodeChallenge, CodeVerifier};
use crate::protocol::scope::Scope;

/// What a code says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// When the code expires (RFC 6749 §4.1.2: shortly).
    pub expires_at: Timestamp,
    /// The challenge that its redemption must meet (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// What the person allowed.
    pub authorization: Authorization,
    /// Until when anything that is issued for it can be used: that long its object stays, redeemed or
    /// not, so that one alarm is set for it and none is moved.
    pub kept_until: Timestamp,
}

/// A request to redeem a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CodeRedemption {
    /// The code, which was sealed by this server.
    pub code: AuthorizationCode,
    /// The client that redeems.
    pub client_id: String,
    /// `redirect_uri`, where it was sent (OAuth 2.1 asks for it no more).
    pub redirect_uri: Option<String>,
    /// `code_verifier`.
    pub code_verifier: Option<CodeVerifier>,
    /// Resources asked for now.
    pub resources: Vec<String>,
    /// What is issued.
    pub terms: Terms,
}

impl CodeRedemption {
    /// Redeems the code, without what was taken back: it is consumed, and a live grant takes its place.
    pub(super) fn redeem(
        self,
        without: &Scope,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(LiveGrant, Issue), GrantError> {
        let Self { mut code, client_id, redirect_uri, code_verifier, resources, terms } = self;
        let allowed = &code.authorization.scope;
        code.authorization.scope = allowed.filter(|token| !without.contains(token));
        if code.expires_at <= now {
            return Err(GrantError::Unknown);
        }
        if code.authorization.client_id != client_id {
            return Err(GrantError::OtherClient);
        }
        code.check_code_verifier(code_verifier.as_ref())?;
        match &redirect_uri {
            Some(sent) if *sent != code.redirect_uri => return Err(GrantError::RedirectUri),
            // Without PKCE it is the redirect URI that binds the code (RFC 6749 §4.1.3).
            None if code.code_challenge.is_none() => return Err(GrantError::RedirectUri),
            _ => {}
        }
        let granted = &code.authorization.resources;
        if !resources.iter().all(|resource| granted.contains(resource)) {
            return Err(GrantError::Resource);
        }
        let begun = terms.refresh_idle.map(|idle| Family::begin(now.plus(idle), entropy));
        let (family, refresh_token) = begun.unzip();
        let issue =
            Issue { authorization: code.authorization.clone(), refresh_token, repeatable: None };
        let live = LiveGrant::new(code.authorization, family, terms, now);
        Ok((live.of_code(code.expires_at, code.kept_until), issue))
    }
}

impl AuthorizationCode {
    fn check_code_verifier(&self, verifier: Option<&CodeVerifier>) -> Result<(), GrantError> {
        match (&self.code_challenge, verifier) {
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(GrantError::CodeVerifier),
            (Some(_), None) => Err(GrantError::NoCodeVerifier),
            (None, Some(_)) => Err(GrantError::UnexpectedCodeVerifier),
            (None, None) => Ok(()),
        }
    }
}
