//! An authorization code that waits to be redeemed (RFC 6749 §4.1, OAuth 2.1 §4.1).

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::live::LiveGrant;
use super::{Authorization, Grant, GrantCommand, GrantError, GrantReply, GrantState, Issue, Terms};
use crate::domain::entropy::Entropy;
use crate::domain::machine::Step;
use crate::domain::secret::{Secret, SecretHash};
use crate::domain::time::Timestamp;
use crate::protocol::pkce::{CodeChallenge, CodeVerifier};

/// The waiting code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CodeGrant {
    /// The hash of the code's secret.
    pub code: SecretHash,
    /// When the code expires (RFC 6749 §4.1.2: shortly).
    pub expires_at: Timestamp,
    /// The challenge that its redemption must meet (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// What the person allowed.
    pub authorization: Authorization,
    /// Until when anything that is issued for it can be used: that long the object stays, redeemed or
    /// not, so that one alarm is set for it and none is moved.
    #[serde(default)]
    pub kept_until: Timestamp,
}

/// A request to redeem a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CodeRedemption {
    /// The code's secret.
    pub secret: Secret,
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

impl CodeGrant {
    pub(super) fn step(
        self,
        command: GrantCommand,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Step<Grant> {
        let error = match command {
            GrantCommand::Redeem(redemption) => match self.redeem(redemption, now, entropy) {
                Ok((live, issue)) => {
                    let reply = Ok(GrantReply::Issue(Box::new(issue)));
                    return Step::written(GrantState::Live(live), reply);
                }
                Err(error) => error,
            },
            GrantCommand::End => return super::end(&self.authorization, Ok(GrantReply::Done)),
            _ => GrantError::Unknown,
        };
        Step::unchanged(Err(error))
    }

    /// Redeems the code: the waiting grant is consumed and a live one takes its place.
    fn redeem(
        self,
        redemption: CodeRedemption,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(LiveGrant, Issue), GrantError> {
        if !self.code.matches(&redemption.secret) {
            return Err(GrantError::WrongSecret);
        }
        if self.expires_at <= now {
            return Err(GrantError::Unknown);
        }
        if self.authorization.client_id != redemption.client_id {
            return Err(GrantError::OtherClient);
        }
        self.check_code_verifier(redemption.code_verifier.as_ref())?;
        match &redemption.redirect_uri {
            Some(sent) if *sent != self.redirect_uri => return Err(GrantError::RedirectUri),
            // Without PKCE it is the redirect URI that binds the code (RFC 6749 §4.1.3).
            None if self.code_challenge.is_none() => return Err(GrantError::RedirectUri),
            _ => {}
        }
        let granted = &self.authorization.resources;
        if !redemption.resources.iter().all(|resource| granted.contains(resource)) {
            return Err(GrantError::Resource);
        }
        let (family, refresh_token) = match redemption.terms.refresh_idle {
            Some(idle) => {
                let (family, token) = Family::begin(now.plus(idle), entropy);
                (Some(family), Some(token))
            }
            None => (None, None),
        };
        let issue = Issue { authorization: self.authorization.clone(), refresh_token };
        let live =
            LiveGrant::new(self.authorization, Some(self.code), family, redemption.terms, now);
        Ok((live.waking_at(self.kept_until), issue))
    }

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
