//! Checks whether a token is active (RFC 7662).

use serde::{Deserialize, Serialize};

use super::live::LiveGrant;
use super::spend_device_code::spend_device_code;
use super::{Authorization, Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Step};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Asks whether a token is active.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inspect(pub Presented);

/// A token that a client presents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Presented {
    /// A refresh token.
    RefreshToken {
        /// Its number.
        number: u32,
        /// Its secret.
        secret: Secret,
        /// The client to which it must belong.
        client_id: String,
    },
    /// An access token whose signature was verified.
    AccessToken {
        /// Its `jti`.
        jti: String,
        /// When it expires.
        expires_at: Timestamp,
        /// The client to which it must belong.
        client_id: String,
    },
}

impl Presented {
    /// The client to which the token must belong.
    fn client_id(&self) -> &str {
        match self {
            Self::RefreshToken { client_id, .. } | Self::AccessToken { client_id, .. } => client_id,
        }
    }
}

/// The token is active.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Active {
    /// What was allowed.
    pub authorization: Box<Authorization>,
    /// When the refresh token expires unless it is used. `None` for an access token, whose `exp` says when.
    pub expires_at: Option<Timestamp>,
}

/// Why a presented token is not active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PresentedError {
    /// The grant doesn't exist or has ended, or the token was revoked.
    #[error("the grant does not exist, has expired or was ended")]
    Unknown,
    /// The secret is not one that was issued.
    #[error("the token was not issued by this server")]
    WrongSecret,
    /// The token belongs to another client.
    #[error("the token belongs to another client")]
    OtherClient,
}

impl Command for Inspect {
    const NAME: &'static str = "Inspect";
    const REPLY: Option<&'static str> = Some("Active");
    type Machine = Grant;
    type Reply = Active;
    type Error = PresentedError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Some(GrantState::Live(live)) = before.state else {
            return Step::unchanged(Err(PresentedError::Unknown));
        };
        match inspect(&live, &self.0, now) {
            // Whoever presents a token has received it, so the device code is spent.
            Ok(active) => spend_device_code(*live, now).reply(Ok(active)),
            Err(error) => Change::none().reply(Err(error)),
        }
    }
}

fn inspect(
    live: &LiveGrant,
    presented: &Presented,
    now: Timestamp,
) -> Result<Active, PresentedError> {
    check_client(live, presented)?;
    let expires_at = match presented {
        Presented::AccessToken { jti, .. } => {
            if live.revoked.iter().any(|(revoked, _)| revoked == jti) {
                return Err(PresentedError::Unknown);
            }
            None
        }
        Presented::RefreshToken { number, secret, .. } => {
            let family = live.family.as_ref().ok_or(PresentedError::Unknown)?;
            if !family.is_active(*number, secret, now) || live.ends_at <= now {
                return Err(PresentedError::Unknown);
            }
            Some(family.idle_until.min(live.ends_at))
        }
    };
    Ok(Active { authorization: Box::new(live.authorization.clone()), expires_at })
}

/// Refuses a token that belongs to another client.
pub(super) fn check_client(live: &LiveGrant, presented: &Presented) -> Result<(), PresentedError> {
    let is_its_own = presented.client_id() == live.authorization.client_id;
    is_its_own.then_some(()).ok_or(PresentedError::OtherClient)
}
