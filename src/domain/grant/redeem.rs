//! Redeems an authorization code (RFC 6749 §4.1.3).

use serde::{Deserialize, Serialize};

use super::code::PendingCode;
use super::family::Family;
use super::live::LiveGrant;
use super::{Grant, GrantState, Issue, Terms};
use crate::domain::entropy::Entropy;
use crate::domain::event::{Event, TokenRefusal};
use crate::domain::machine::{Before, Command, Step};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::protocol::grant_type::GrantType;
use crate::protocol::pkce::CodeVerifier;

/// A client's request to redeem a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Redeem {
    /// The secret of the code.
    pub code: Secret,
    /// The client that redeems.
    pub client_id: String,
    /// `redirect_uri`, if it was sent (OAuth 2.1 no longer requires it).
    pub redirect_uri: Option<String>,
    /// `code_verifier`.
    pub code_verifier: Option<CodeVerifier>,
    /// Whether the client must use PKCE.
    pub needs_pkce: bool,
    /// The requested resources.
    pub resources: Vec<String>,
    /// The lifetimes of what is issued.
    pub terms: Terms,
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RedeemError {
    /// The grant doesn't exist or has ended.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
    /// The secret is not the one that was issued.
    #[error("the code was not issued by this server")]
    WrongSecret,
    /// The code belongs to another client.
    #[error("the code belongs to another client")]
    OtherClient,
    /// RFC 6749 §4.1.3.
    #[error("redirect_uri is missing or not that of the authorization request")]
    RedirectUri,
    /// RFC 7636 §4.6.
    #[error("code_verifier does not match the code_challenge")]
    CodeVerifier,
    /// The code was requested with a `code_challenge` (RFC 7636 §4.6).
    #[error("code_verifier is missing")]
    NoCodeVerifier,
    /// A `code_verifier` without a `code_challenge` indicates a downgrade attack (OAuth 2.1 §4.1.3).
    #[error("code_verifier was sent, but the authorization request had no code_challenge")]
    UnexpectedCodeVerifier,
    /// The client must use PKCE (OAuth 2.1 §7.5.1).
    #[error("this client must use PKCE, but the authorization request had no code_challenge")]
    NoCodeChallenge,
    /// RFC 8707 §2.2.
    #[error("the resource was not granted")]
    Resource,
    /// A replay: the tokens of the code are revoked (RFC 6749 §4.1.2).
    #[error("the code was redeemed before; its tokens are revoked")]
    CodeReplayed,
}

impl RedeemError {
    /// The reason in the event; `None` for a replay, which is an event of its own.
    fn refusal(self) -> Option<TokenRefusal> {
        Some(match self {
            Self::Unknown => TokenRefusal::Ended,
            Self::WrongSecret => TokenRefusal::WrongSecret,
            Self::OtherClient => TokenRefusal::OtherClient,
            Self::RedirectUri => TokenRefusal::RedirectUri,
            Self::CodeVerifier
            | Self::NoCodeVerifier
            | Self::UnexpectedCodeVerifier
            | Self::NoCodeChallenge => TokenRefusal::CodeVerifier,
            Self::Resource => TokenRefusal::Resource,
            Self::CodeReplayed => return None,
        })
    }
}

impl Command for Redeem {
    const NAME: &'static str = "RedeemCode";
    type Machine = Grant;
    type Reply = Box<Issue>;
    type Error = RedeemError;

    fn decide(self, before: Before<Grant>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let step: Step<Self> = match before.state {
            Some(GrantState::Code(code)) => match redeem(*code, &self, now, entropy) {
                Ok((live, issue)) => {
                    Step::written(GrantState::Live(Box::new(live)), Ok(Box::new(issue)))
                }
                Err(error) => Step::unchanged(Err(error)),
            },
            Some(GrantState::Live(live)) => {
                if !live.is_of_code(&self.code) {
                    Step::unchanged(Err(RedeemError::WrongSecret))
                } else if live.authorization.client_id != self.client_id {
                    Step::unchanged(Err(RedeemError::OtherClient))
                } else {
                    let replayed = Event::code_replayed(&self.client_id);
                    let replayed = live.authorization.concerned(replayed);
                    let change = GrantState::Live(live).end().records(Some(replayed));
                    change.reply(Err(RedeemError::CodeReplayed))
                }
            }
            Some(GrantState::Device(_) | GrantState::Ended { .. }) | None => {
                Step::unchanged(Err(RedeemError::Unknown))
            }
        };
        let event = match &step.reply {
            Ok(issue) => {
                let authorization = &issue.authorization;
                Some(
                    authorization.tokens_issued(GrantType::AuthorizationCode, &authorization.scope),
                )
            }
            Err(error) => {
                let refused = |reason| {
                    Event::tokens_refused(GrantType::AuthorizationCode, &self.client_id, reason)
                };
                error.refusal().map(refused)
            }
        };
        step.records(event)
    }
}

/// Redeems the code. It is consumed, and becomes a live grant.
///
/// # Errors
/// The code is not consumed. RFC 6749 §4.1.3, RFC 7636 §4.6 and RFC 8707 §2.2 say what is checked.
fn redeem(
    pending: PendingCode,
    redeem: &Redeem,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(LiveGrant, Issue), RedeemError> {
    if !pending.code.matches(&redeem.code) {
        return Err(RedeemError::WrongSecret);
    }
    if pending.expires_at <= now {
        return Err(RedeemError::Unknown);
    }
    if pending.authorization.client_id != redeem.client_id {
        return Err(RedeemError::OtherClient);
    }
    check_code_verifier(&pending, redeem)?;
    match &redeem.redirect_uri {
        Some(sent) if *sent != pending.redirect_uri => return Err(RedeemError::RedirectUri),
        // Without PKCE, only the redirect URI binds the code (RFC 6749 §4.1.3).
        None if pending.code_challenge.is_none() => return Err(RedeemError::RedirectUri),
        _ => {}
    }
    let granted = &pending.authorization.resources;
    if !redeem.resources.iter().all(|resource| granted.contains(resource)) {
        return Err(RedeemError::Resource);
    }
    let idle = redeem.terms.refresh_idle;
    let (family, refresh_token) = idle.map(|idle| Family::begin(now.plus(idle), entropy)).unzip();
    let authorization = pending.authorization;
    let issue = Issue { authorization: authorization.clone(), refresh_token, repeatable: None };
    let live = LiveGrant::new(authorization, family, redeem.terms, now);
    Ok((live.of_code(pending.code), issue))
}

fn check_code_verifier(pending: &PendingCode, redeem: &Redeem) -> Result<(), RedeemError> {
    match (&pending.code_challenge, &redeem.code_verifier) {
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(RedeemError::CodeVerifier),
        (Some(_), None) => Err(RedeemError::NoCodeVerifier),
        (None, Some(_)) => Err(RedeemError::UnexpectedCodeVerifier),
        // The client may not have had to use PKCE when it requested the code.
        (None, None) if redeem.needs_pkce => Err(RedeemError::NoCodeChallenge),
        (None, None) => Ok(()),
    }
}
