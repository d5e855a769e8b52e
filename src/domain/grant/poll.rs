//! A device asks whether the user has decided (RFC 8628 §3.4 and §3.5).

use serde::{Deserialize, Serialize};

use super::{Grant, GrantState, Issue, Terms};
use crate::domain::entropy::Entropy;
use crate::domain::event::{Event, TokenRefusal};
use crate::domain::machine::{Before, Command, Step};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::grant_type::GrantType;

/// A device's request for its tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Poll {
    /// The secret of the device code.
    pub secret: Secret,
    /// The client that polls.
    pub client_id: String,
    /// The lifetimes of what is issued.
    pub terms: Terms,
    /// For how many seconds the response can be repeated, in case it was lost; 0 turns this off.
    #[serde(default)]
    pub lost_answer: Seconds,
}

/// Why the device gets no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PollError {
    /// No such grant, or no longer.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
    /// The secret is not the one that was issued.
    #[error("the device code was not issued by this server")]
    WrongSecret,
    /// Another client's.
    #[error("the device code belongs to another client")]
    OtherClient,
    /// RFC 8628 §3.5.
    #[error("the user has not decided yet")]
    AuthorizationPending,
    /// RFC 8628 §3.5.
    #[error("the device asks too often")]
    SlowDown,
    /// RFC 8628 §3.5.
    #[error("the user denied the request")]
    AccessDenied,
    /// RFC 8628 §3.5.
    #[error("the device code has expired")]
    ExpiredToken,
    /// RFC 8628 §3.5: a token issued for the code has been used, or its response is too old to be repeated.
    #[error("the device code was already redeemed")]
    DeviceCodeSpent,
}

impl PollError {
    /// The reason in the event; `None` while the device is to go on polling, since that is no refusal.
    fn refusal(self) -> Option<TokenRefusal> {
        Some(match self {
            Self::Unknown => TokenRefusal::Ended,
            Self::WrongSecret => TokenRefusal::WrongSecret,
            Self::OtherClient => TokenRefusal::OtherClient,
            Self::AccessDenied => TokenRefusal::Denied,
            Self::ExpiredToken => TokenRefusal::Expired,
            Self::DeviceCodeSpent => TokenRefusal::Redeemed,
            Self::AuthorizationPending | Self::SlowDown => return None,
        })
    }
}

impl Command for Poll {
    const NAME: &'static str = "Poll";
    const REPLY: Option<&'static str> = Some("Issue");
    type Machine = Grant;
    type Reply = Box<Issue>;
    type Error = PollError;

    fn decide(self, before: Before<Grant>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let step = match before.state {
            Some(GrantState::Device(device)) => device.poll(&self, now, entropy),
            Some(GrantState::Live(live)) => {
                Step::unchanged(live.repeat_response(&self, now).map(Box::new))
            }
            Some(GrantState::Code(_) | GrantState::Ended { .. }) | None => {
                Step::unchanged(Err(PollError::Unknown))
            }
        };
        let event = match &step.reply {
            Ok(issue) => {
                let authorization = &issue.authorization;
                Some(authorization.tokens_issued(GrantType::DeviceCode, &authorization.scope))
            }
            Err(error) => {
                let refused =
                    |reason| Event::tokens_refused(GrantType::DeviceCode, &self.client_id, reason);
                error.refusal().map(refused)
            }
        };
        step.records(event)
    }

    fn awaits_change(reply: &Result<Box<Issue>, PollError>) -> bool {
        matches!(reply, Err(PollError::AuthorizationPending))
    }
}
