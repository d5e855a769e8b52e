//! Hands out an access token, refreshed first if necessary.

use serde::{Deserialize, Serialize};

use super::{Broken, Connection, Live, Refreshing, State};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step, as_array};
use crate::domain::time::Timestamp;
use crate::protocol::scope::Scope;

/// Asks for an access token that hasn't expired.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token;

/// An access token that hasn't expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshToken {
    /// The access token, sealed.
    pub access_token: String,
    /// When it expires, if the provider says.
    pub expires_at: Option<Timestamp>,
    /// The scopes that the provider granted.
    pub scope: Scope,
}

as_array!(FreshToken { access_token, expires_at, scope });

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TokenError {
    /// Nothing is connected.
    #[error("no account of this provider is connected")]
    NotConnected,
    /// The connection no longer works.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The token is being refreshed. The reply is held until the refresh ends.
    #[error("the token is being refreshed")]
    Pending,
    /// The provider doesn't respond.
    #[error("the provider does not answer")]
    Unavailable,
}

impl Command for Token {
    const NAME: &'static str = "Token";
    const REPLY: Option<&'static str> = Some("Token");
    type Machine = Connection;
    type Reply = FreshToken;
    type Error = TokenError;

    fn decide(self, before: Before<Connection>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(State::Live(live)) => hand_out(live, now),
            Some(State::Refreshing(_)) => Step::unchanged(Err(TokenError::Pending)),
            Some(State::Broken(broken)) => Step::unchanged(Err(broken.why.into())),
            None => Step::unchanged(Err(TokenError::NotConnected)),
        }
    }

    fn awaits_change(reply: &Result<FreshToken, TokenError>) -> bool {
        matches!(reply, Err(TokenError::Pending))
    }
}

/// Hands out the token, or refreshes it first.
fn hand_out(live: Live, now: Timestamp) -> Step<Token> {
    if !live.is_due(now) {
        return Step::unchanged(Ok(live.into()));
    }
    let Some(refresh_token) = live.refresh_token.clone() else {
        if live.works(now) {
            return Step::unchanged(Ok(live.into()));
        }
        let why = Broken::Expired;
        return Step::written(State::Broken(live.end(why)), Err(why.into()));
    };
    if live.not_before.is_some_and(|moment| now < moment) {
        return Step::unchanged(match live.works(now) {
            true => Ok(live.into()),
            false if live.unopenable => Err(Broken::Unopenable.into()),
            false => Err(TokenError::Unavailable),
        });
    }
    let (refreshing, refresh) = Refreshing::begin(live, refresh_token);
    Step::written(State::Refreshing(refreshing), Err(TokenError::Pending)).wants([refresh])
}

impl From<Live> for FreshToken {
    fn from(live: Live) -> Self {
        Self { access_token: live.access_token, expires_at: live.expires_at, scope: live.scope }
    }
}
