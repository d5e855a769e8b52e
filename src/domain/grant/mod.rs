//! One authorization, from its code or device code to its whole refresh family.
//!
//! ```text
//!  Expect ─► (AuthorizationCode) ─redeem─► LiveGrant ──refresh──► LiveGrant
//!  Request ► DeviceGrant ─approve► ApprovedDevice ─poll──► LiveGrant
//!                  └──deny──► DeniedDevice     ▲──poll again, until a token is used
//! ```
//!
//! Each state is a type of its own and a transition consumes it. A code is carried by whoever shall
//! redeem it and remembered nowhere. A grant that ends is forgotten: an object that remembers nothing
//! refreshes and revives nothing. While a code could still begin it, its end is remembered.

pub mod code;
pub mod device;
pub mod device_response;
pub mod expected;
pub mod family;
pub mod live;

use serde::{Deserialize, Serialize};

use self::code::CodeRedemption;
use self::device::{Decision, DeviceGrant, DeviceState, DeviceView};
use self::device_response::{Poll, Repeatable};
use self::expected::Expected;
use self::family::Refresh;
use self::live::LiveGrant;
use super::account::{Account, AccountNotice};
use super::authentication::Authentication;
use super::entropy::Entropy;
use super::machine::{Address, Before, Class, Effect, Machine, Next, NoRow, Notified, Step};
use super::secret::Secret;
use super::time::{Seconds, Timestamp};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::scope::Scope;

/// The machine.
#[derive(Debug)]
pub struct Grant;

/// What a person allowed a client, and how the person was signed in then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The grant's own object.
    pub grant_id: String,
    /// The account.
    pub account: String,
    /// The client.
    pub client_id: String,
    /// Granted scopes.
    pub scope: Scope,
    /// Granted resources (RFC 8707); none means the issuer itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The request's `nonce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The request's `claims`.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// How and when the user authenticated.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The session in which the person allowed it.
    pub sid: String,
    /// When that session ends, where the grant ends with it (OpenID Connect Core §11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

/// How long what is issued lives, and whether and how it is refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Lifetime of an access token.
    pub access_token: Seconds,
    /// How long a refresh token may lie unused; none where no refresh token is issued.
    pub refresh_idle: Option<Seconds>,
    /// How long a grant lives, however often it is refreshed.
    pub grant: Seconds,
}

impl Terms {
    /// When a grant ends that begins at that moment, however often it is refreshed.
    pub fn ends_at(&self, issued: Timestamp, not_after: Option<Timestamp>) -> Timestamp {
        let ends_at = issued.plus(self.grant);
        not_after.map_or(ends_at, |session| session.min(ends_at))
    }

    /// When nothing can be used any more of what is issued at that moment and not refreshed.
    pub fn over(&self, issued: Timestamp, not_after: Option<Timestamp>) -> Timestamp {
        let tokens_until = issued.plus(self.access_token);
        let idle = self.refresh_idle.map_or(tokens_until, |idle| issued.plus(idle));
        idle.min(self.ends_at(issued, not_after)).max(tokens_until)
    }
}

/// What is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum GrantState {
    /// A code was sent that may be redeemed.
    Expected(Expected),
    /// A device that waits for a person, or was answered.
    Device(DeviceState),
    /// Tokens were issued.
    Live(LiveGrant),
    /// It was ended while a code may still be on its way: whoever redeems it comes too late.
    Ended {
        /// When nobody can be on the way any more.
        until: Timestamp,
    },
}

impl GrantState {
    /// What was allowed, once it was.
    fn authorization_mut(&mut self) -> Option<&mut Authorization> {
        match self {
            Self::Device(DeviceState::Approved(approved)) => Some(&mut approved.authorization),
            Self::Live(live) => Some(&mut live.authorization),
            Self::Expected(_) | Self::Device(_) | Self::Ended { .. } => None,
        }
    }
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum GrantCommand {
    /// A code is sent to an app, and what is issued for it is over at that moment.
    Expect(Timestamp),
    /// Redeem the code (RFC 6749 §4.1.3).
    Redeem(Box<CodeRedemption>),
    /// Start a device grant (RFC 8628 §3.2).
    Request(Box<DeviceGrant>),
    /// What does the device ask for?
    LookUp,
    /// A person decided (RFC 8628 §3.3).
    Decide(Box<Decision>),
    /// The device asks (RFC 8628 §3.4).
    Poll(Poll),
    /// An access token issued for a device code was used, so its response arrived: the code is spent.
    SpendDeviceCode,
    /// Use a refresh token (RFC 6749 §6).
    Refresh(Refresh),
    /// Is a token active (RFC 7662)?
    Inspect(Presented),
    /// Revoke a token (RFC 7009).
    Revoke(Presented),
    /// End the grant: the account withdrew it.
    End,
    /// The person took one scope back.
    Narrow(String),
    /// Tell the account whether the code was redeemed.
    ReportRedemption(ReportRedemption),
    /// Forget what has expired.
    Wake,
}

/// An account's question to a grant: was the code redeemed?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportRedemption {
    /// The account that asks. A grant whose code nobody redeemed has stored nothing, so it doesn't know
    /// its account.
    pub account: String,
    /// The grant's own ID, which it can't know either.
    pub grant_id: String,
    /// Whether the code has expired, so that nobody can redeem it any more.
    pub is_code_over: bool,
}

/// A token that someone presents, by what the grant knows of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Presented {
    /// A refresh token.
    RefreshToken {
        /// Its number.
        number: u32,
        /// Its secret.
        secret: Secret,
        /// The client it must belong to.
        client_id: String,
    },
    /// An access token whose signature was verified.
    AccessToken {
        /// Its `jti`.
        jti: String,
        /// When it expires.
        expires_at: Timestamp,
        /// The client it must belong to.
        client_id: String,
    },
}

/// What is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum GrantReply {
    /// Done.
    Done,
    /// What to issue tokens for.
    Issue(Box<Issue>),
    /// What a device asks for.
    Device(Box<DeviceView>),
    /// The token is active.
    Active {
        /// What was allowed.
        authorization: Box<Authorization>,
        /// When the refresh token expires if it is not used; for an access token its own claim
        /// says when.
        expires_at: Option<Timestamp>,
    },
}

/// What tokens are issued for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// What was allowed.
    pub authorization: Authorization,
    /// The refresh token's number and secret, where there is one.
    pub refresh_token: Option<(u32, Secret)>,
    /// For a device code: the claims of the access token that a repeated response repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeatable: Option<Repeatable>,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum GrantError {
    /// No such grant, or no longer.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
    /// The object serves another grant already.
    #[error("the code is in use")]
    Occupied,
    /// The secret is not the one that was issued.
    #[error("the token was not issued here")]
    WrongSecret,
    /// Another client's.
    #[error("the token belongs to another client")]
    OtherClient,
    /// RFC 6749 §4.1.3.
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUri,
    /// RFC 7636 §4.6.
    #[error("code_verifier does not match the code_challenge")]
    CodeVerifier,
    /// The code was asked for with a challenge.
    #[error("code_verifier is missing")]
    NoCodeVerifier,
    /// OAuth 2.1 §4.1.3: a verifier without a challenge points to a downgrade.
    #[error("code_verifier was sent, but the authorization request had no code_challenge")]
    UnexpectedCodeVerifier,
    /// RFC 6749 §4.1.2: what the code gave is withdrawn.
    #[error("the code was redeemed before; its tokens are revoked")]
    CodeReplayed,
    /// RFC 9700 §4.14.2: the whole family is withdrawn.
    #[error("the refresh token was used before; its grant is revoked")]
    RefreshTokenReused,
    /// RFC 6749 §6.
    #[error("the scope exceeds what was granted")]
    Scope,
    /// RFC 8707 §2.2.
    #[error("the resource was not granted")]
    Resource,
    /// RFC 8628 §3.5.
    #[error("the person has not decided yet")]
    AuthorizationPending,
    /// RFC 8628 §3.5.
    #[error("the device asks too often")]
    SlowDown,
    /// RFC 8628 §3.5.
    #[error("the person denied the request")]
    AccessDenied,
    /// RFC 8628 §3.5.
    #[error("the device code has expired")]
    ExpiredToken,
    /// RFC 8628 §3.5: a token issued for the code has been used, or its response is too old to be repeated.
    #[error("the device code was already redeemed")]
    DeviceCodeSpent,
    /// Someone decided before.
    #[error("the request was decided already")]
    Decided,
}

impl Notified for Grant {
    type Notice = GrantCommand;
}

impl Machine for Grant {
    const CLASS: Class = Class::Grant;
    type State = GrantState;
    type Row = NoRow;
    type Command = GrantCommand;
    type Reply = GrantReply;
    type Error = GrantError;

    fn step(
        before: Before<Self>,
        command: GrantCommand,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Step<Self> {
        use GrantCommand as Command;
        let fail = |error| Step::unchanged(Err(error));
        match (before.state, command) {
            (None, Command::Request(grant)) => {
                let state = DeviceState::Waiting(*grant);
                Step::written(GrantState::Device(state), Ok(GrantReply::Done))
            }
            (state, Command::ReportRedemption(asked)) => report_redemption(state.as_ref(), &asked),
            (None, Command::Wake) => Step::to(Next::Forgotten, Ok(GrantReply::Done)),
            (None, command) => Expected::unknown(now).step(command, now, entropy),
            (Some(GrantState::Expected(expected)), command) => expected.step(command, now, entropy),
            (Some(GrantState::Device(device)), Command::Request(grant)) if device.is_over(now) => {
                let state = DeviceState::Waiting(*grant);
                Step::written(GrantState::Device(state), Ok(GrantReply::Done))
            }
            (Some(GrantState::Ended { until }), Command::Wake) if until <= now => {
                Step::to(Next::Forgotten, Ok(GrantReply::Done))
            }
            (Some(GrantState::Ended { .. }), Command::Wake | Command::End) => {
                Step::unchanged(Ok(GrantReply::Done))
            }
            (Some(GrantState::Ended { .. }), _) => fail(GrantError::Unknown),
            (Some(_), Command::Expect(_) | Command::Request(_)) => fail(GrantError::Occupied),
            (Some(state), Command::Wake) => wake(state, now),
            (Some(mut state), Command::Narrow(scope)) => {
                if let Some(authorization) = state.authorization_mut() {
                    authorization.scope = authorization.scope.filter(|token| token != scope);
                }
                Step::written(state, Ok(GrantReply::Done))
            }
            (Some(GrantState::Device(device)), command) => device.step(command, now, entropy),
            (Some(GrantState::Live(live)), command) => live.step(command, now),
        }
    }

    fn wakes_at(state: &GrantState) -> Option<Timestamp> {
        Some(match state {
            GrantState::Device(device) => device.forgotten_at(),
            GrantState::Live(live) => live.wakes_at,
            GrantState::Expected(expected) => expected.until(),
            GrantState::Ended { until } => *until,
        })
    }

    fn wake() -> Option<GrantCommand> {
        Some(GrantCommand::Wake)
    }

    fn awaits_change(reply: &Result<GrantReply, GrantError>) -> bool {
        matches!(reply, Err(GrantError::AuthorizationPending))
    }
}

/// Forgets what has expired; the account is told, so that its list of apps stays true.
fn wake(state: GrantState, now: Timestamp) -> Step<Grant> {
    let done = Ok(GrantReply::Done);
    match state {
        GrantState::Device(device) if device.forgotten_at() <= now => match device {
            DeviceState::Approved(approved) => end(&approved.authorization, done),
            DeviceState::Waiting(_) | DeviceState::Denied(_) => Step::to(Next::Forgotten, done),
        },
        GrantState::Live(live) => live.wake(now),
        GrantState::Expected(_) | GrantState::Device(_) | GrantState::Ended { .. } => {
            Step::unchanged(done)
        }
    }
}

/// Tells the account that the code was redeemed, or that nobody can redeem it any more. Says nothing
/// for a device authorization, which has no authorization code.
fn report_redemption(state: Option<&GrantState>, asked: &ReportRedemption) -> Step<Grant> {
    let grant_id = asked.grant_id.clone();
    let told = match state {
        Some(GrantState::Live(_)) => Some(AccountNotice::grant_redeemed(grant_id)),
        Some(GrantState::Device(_)) => None,
        None | Some(GrantState::Expected(_) | GrantState::Ended { .. }) => {
            asked.is_code_over.then(|| AccountNotice::grant_ended(grant_id))
        }
    };
    let address = Address::Id(asked.account.clone());
    let effect = told.and_then(|notice| Effect::send::<Account>(address, &notice));
    Step::unchanged(Ok(GrantReply::Done)).wants(effect)
}

/// Ends the grant, and has the account forget it.
fn end(authorization: &Authorization, reply: Result<GrantReply, GrantError>) -> Step<Grant> {
    let notice = AccountNotice::grant_ended(authorization.grant_id.clone());
    Step::to(Next::Forgotten, reply).wants(tell_account(authorization, &notice))
}

fn tell_account(authorization: &Authorization, notice: &AccountNotice) -> Option<Effect> {
    Effect::send::<Account>(Address::Id(authorization.account.clone()), notice)
}
