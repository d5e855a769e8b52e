//! Use a refresh token (RFC 6749 §6, RFC 9700 §4.14.2).

use serde::{Deserialize, Serialize};

use super::family::RefreshPolicy;
use super::{Grant, GrantState, Issue};
use crate::domain::entropy::Entropy;
use crate::domain::event::{Event, TokenRefusal};
use crate::domain::machine::{Before, Command, Step};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::protocol::grant_type::GrantType;
use crate::protocol::scope::Scope;

/// A client's request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refresh {
    /// The token's number.
    pub number: u32,
    /// The token's secret.
    pub secret: Secret,
    /// The client that refreshes.
    pub client_id: String,
    /// Scopes asked for, fewer than granted.
    pub scope: Option<Scope>,
    /// Resources asked for, fewer than granted.
    pub resources: Vec<String>,
    /// The client's network: an IPv4 address, or the /64 of an IPv6 address.
    #[serde(default)]
    pub network: String,
    /// How the family is to be handled.
    pub policy: RefreshPolicy,
}

/// Why there are no new tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RefreshError {
    /// No such grant, or no longer.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
    /// The secret is not one that was issued.
    #[error("the refresh token was not issued by this server")]
    WrongSecret,
    /// Another client's.
    #[error("the refresh token belongs to another client")]
    OtherClient,
    /// RFC 6749 §6.
    #[error("the scope exceeds what was granted")]
    Scope,
    /// RFC 8707 §2.2.
    #[error("the resource was not granted")]
    Resource,
    /// RFC 9700 §4.14.2: the whole family is withdrawn.
    #[error("the refresh token was used before; its grant is revoked")]
    RefreshTokenReused,
}

impl RefreshError {
    /// The reason in the event; `None` for a replay, which is an event of its own.
    fn refusal(self) -> Option<TokenRefusal> {
        Some(match self {
            Self::Unknown => TokenRefusal::Ended,
            Self::WrongSecret => TokenRefusal::WrongSecret,
            Self::OtherClient => TokenRefusal::OtherClient,
            Self::Scope => TokenRefusal::Scope,
            Self::Resource => TokenRefusal::Resource,
            Self::RefreshTokenReused => return None,
        })
    }
}

impl Command for Refresh {
    const NAME: &'static str = "Refresh";
    const REPLY: Option<&'static str> = Some("Issue");
    type Machine = Grant;
    type Reply = Box<Issue>;
    type Error = RefreshError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let step = match before.state {
            Some(GrantState::Live(live)) => live.refresh(&self, now),
            _ => Step::unchanged(Err(RefreshError::Unknown)),
        };
        let event = match &step.reply {
            Ok(issue) => {
                let scope = self.scope.as_ref().unwrap_or(&issue.authorization.scope);
                Some(issue.authorization.tokens_issued(GrantType::RefreshToken, scope))
            }
            Err(error) => {
                let refused = |reason| {
                    Event::tokens_refused(GrantType::RefreshToken, &self.client_id, reason)
                };
                error.refusal().map(refused)
            }
        };
        step.records(event)
    }
}
