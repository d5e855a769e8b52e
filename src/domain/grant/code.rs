//! An authorization code that was sent and not redeemed yet (RFC 6749 §4.1, OAuth 2.1 §4.1).

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::live::LiveGrant;
use super::redeem::{Redeem, RedeemError};
use super::{Authorization, Issue};
use crate::domain::entropy::Entropy;
use crate::domain::secret::SecretHash;
use crate::domain::time::Timestamp;
use crate::protocol::pkce::CodeChallenge;

/// The code, by the hash of its secret, and what it stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingCode {
    /// The hash of the code's secret.
    pub code: SecretHash,
    /// When the code expires (RFC 6749 §4.1.2: shortly).
    pub expires_at: Timestamp,
    /// The challenge that its redemption must meet (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// What the user allowed.
    pub authorization: Authorization,
}

impl PendingCode {
    /// Redeems the code: it is consumed, and a live grant takes its place.
    ///
    /// # Errors
    /// The code is not consumed. RFC 6749 §4.1.3, RFC 7636 §4.6 and RFC 8707 §2.2 say what is checked.
    pub(super) fn redeem(
        self,
        redeem: &Redeem,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(LiveGrant, Issue), RedeemError> {
        if !self.code.matches(&redeem.code) {
            return Err(RedeemError::WrongSecret);
        }
        if self.expires_at <= now {
            return Err(RedeemError::Unknown);
        }
        if self.authorization.client_id != redeem.client_id {
            return Err(RedeemError::OtherClient);
        }
        self.check_code_verifier(redeem)?;
        match &redeem.redirect_uri {
            Some(sent) if *sent != self.redirect_uri => return Err(RedeemError::RedirectUri),
            // Without PKCE it is the redirect URI that binds the code (RFC 6749 §4.1.3).
            None if self.code_challenge.is_none() => return Err(RedeemError::RedirectUri),
            _ => {}
        }
        let granted = &self.authorization.resources;
        if !redeem.resources.iter().all(|resource| granted.contains(resource)) {
            return Err(RedeemError::Resource);
        }
        let idle = redeem.terms.refresh_idle;
        let (family, refresh_token) =
            idle.map(|idle| Family::begin(now.plus(idle), entropy)).unzip();
        let authorization = self.authorization;
        let issue = Issue { authorization: authorization.clone(), refresh_token, repeatable: None };
        let live = LiveGrant::new(authorization, family, redeem.terms, now);
        Ok((live.of_code(self.code), issue))
    }

    fn check_code_verifier(&self, redeem: &Redeem) -> Result<(), RedeemError> {
        match (&self.code_challenge, &redeem.code_verifier) {
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(RedeemError::CodeVerifier),
            (Some(_), None) => Err(RedeemError::NoCodeVerifier),
            (None, Some(_)) => Err(RedeemError::UnexpectedCodeVerifier),
            // The client may have become one that must use PKCE since it asked for the code.
            (None, None) if redeem.needs_pkce => Err(RedeemError::NoCodeChallenge),
            (None, None) => Ok(()),
        }
    }
}
