//! A device polls for its tokens (RFC 8628 §3.4 and §3.5).

use serde::{Deserialize, Serialize};

use super::device::{ApprovedDevice, DeviceGrant, DeviceState};
use super::device_response::RedeemedDeviceCode;
use super::family::Family;
use super::live::LiveGrant;
use super::{Grant, GrantState, Issue, Terms};
use crate::domain::entropy::Entropy;
use crate::domain::event::{Event, TokenRefusal};
use crate::domain::machine::{Before, Command, Next, Step};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::grant_type::GrantType;

/// How much each `slow_down` adds to the interval (RFC 8628 §3.5).
const SLOWER: Seconds = Seconds(5);
/// The longest interval.
const SLOWEST: Seconds = Seconds(60);
/// Tolerance for early polls: network jitter can make a well-timed poll arrive early.
const JITTER: Seconds = Seconds(1);

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
    /// The grant doesn't exist or has ended.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
    /// The secret is not the one that was issued.
    #[error("the device code was not issued by this server")]
    WrongSecret,
    /// The device code belongs to another client.
    #[error("the device code belongs to another client")]
    OtherClient,
    /// `authorization_pending` (RFC 8628 §3.5).
    #[error("the user has not decided yet")]
    AuthorizationPending,
    /// `slow_down` (RFC 8628 §3.5).
    #[error("the device polls too often; wait 5 seconds longer between polls")]
    SlowDown,
    /// `access_denied` (RFC 8628 §3.5).
    #[error("the user denied the request")]
    AccessDenied,
    /// `expired_token` (RFC 8628 §3.5).
    #[error("the device code has expired")]
    ExpiredToken,
    /// A token issued for the code has been used, or its response is too old to be repeated (RFC 8628 §3.5).
    #[error("the device code was already redeemed")]
    DeviceCodeSpent,
}

impl PollError {
    /// The reason in the event; `None` while the device must continue to poll, which is no refusal.
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
        let step: Step<Self> = match before.state {
            Some(GrantState::Device(device)) => poll_device(device, &self, now, entropy),
            Some(GrantState::Live(live)) => {
                Step::unchanged(repeat_response(&live, &self, now).map(Box::new))
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

/// Answers a poll according to the state of the request (RFC 8628 §3.5).
fn poll_device(
    device: DeviceState,
    poll: &Poll,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Step<Poll> {
    let (code, owner) = match &device {
        DeviceState::Waiting(waiting) => (&waiting.device_code, &waiting.client_id),
        DeviceState::Approved(approved) => {
            (&approved.device_code, &approved.authorization.client_id)
        }
        DeviceState::Denied(denied) => (&denied.device_code, &denied.client_id),
    };
    if !code.matches(&poll.secret) {
        return Step::unchanged(Err(PollError::WrongSecret));
    }
    if *owner != poll.client_id {
        return Step::unchanged(Err(PollError::OtherClient));
    }
    if device.expires_at() <= now {
        return Step::unchanged(Err(PollError::ExpiredToken));
    }
    match device {
        DeviceState::Waiting(waiting) => {
            let (waiting, error) = poll_waiting(waiting, now);
            let state = GrantState::Device(DeviceState::Waiting(waiting));
            Step::to(Next::Remembered(state), Err(error))
        }
        DeviceState::Approved(approved) => {
            let (live, issue) = redeem(approved, poll, now, entropy);
            Step::written(GrantState::Live(Box::new(live)), Ok(Box::new(issue)))
        }
        DeviceState::Denied(_) => Step::unchanged(Err(PollError::AccessDenied)),
    }
}

/// No user has decided: the device must poll again, more slowly if it polls too often.
fn poll_waiting(mut waiting: DeviceGrant, now: Timestamp) -> (DeviceGrant, PollError) {
    let earliest = waiting.polled_at.map(|polled| polled.plus(waiting.interval).minus(JITTER));
    waiting.polled_at = Some(now);
    if earliest.is_some_and(|earliest| now < earliest) {
        let slower = waiting.interval.0.saturating_add(SLOWER.0);
        waiting.interval = Seconds(slower).min(SLOWEST);
        return (waiting, PollError::SlowDown);
    }
    (waiting, PollError::AuthorizationPending)
}

/// Issues the tokens: the request is consumed and becomes the grant.
fn redeem(
    approved: ApprovedDevice,
    poll: &Poll,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> (LiveGrant, Issue) {
    let ApprovedDevice { device_code, authorization, .. } = approved;
    let idle = poll.terms.refresh_idle;
    let begun = idle.map(|idle| Family::begin_for(&poll.secret, now.plus(idle), entropy));
    let (family, refresh_token) = begun.unzip();
    // A copy of an expired access token would be useless.
    let lasts = poll.lost_answer.min(poll.terms.access_token);
    let code = RedeemedDeviceCode::new(device_code, lasts, now, entropy);
    let repeatable = Some(code.token.clone());
    let issue = Issue { authorization: authorization.clone(), refresh_token, repeatable };
    let live = LiveGrant::new(authorization, family, poll.terms, now);
    (live.redeemed_from(code), issue)
}

/// Repeats the response to a device code (RFC 8628 §3.5): the first one may have been lost.
fn repeat_response(live: &LiveGrant, poll: &Poll, now: Timestamp) -> Result<Issue, PollError> {
    if live.authorization.client_id != poll.client_id {
        return Err(PollError::OtherClient);
    }
    let code = live.redeemed_code.as_ref().filter(|code| code.is_repeatable_for(&poll.secret, now));
    let code = code.ok_or(PollError::DeviceCodeSpent)?;
    let refresh_token = live.family.as_ref().map(|family| family.first_token(&poll.secret));
    Ok(Issue {
        authorization: live.authorization.clone(),
        refresh_token,
        repeatable: Some(code.token.clone()),
    })
}
