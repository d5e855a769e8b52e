//! A connection that works.

use serde::{Deserialize, Serialize};

use super::{Broken, BrokenConnection, ConnectionWants, Parties, SealedTokens};
use crate::domain::machine::Effect;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::scope::Scope;

/// An access token that expires sooner than this is refreshed before it is handed out. For a token that lives less than
/// ten times as long, the margin is a tenth of its lifetime.
const MARGIN: Seconds = Seconds(60);

/// A connection that works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    pub(super) parties: Parties,
    /// The scopes that the provider granted, as its token response names them.
    pub(super) scope: Scope,
    /// The scopes that the user approved here. `None` in states that were stored before connections
    /// belonged to apps.
    #[serde(default)]
    pub(super) approved: Option<Scope>,
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    /// When the access token expires, if the provider says.
    pub(super) expires_at: Option<Timestamp>,
    /// When the access token must be refreshed.
    pub(super) refresh_at: Option<Timestamp>,
    /// How many refreshes got no response.
    pub(super) unanswered: u32,
    /// When the provider may be asked again.
    pub(super) not_before: Option<Timestamp>,
    /// Whether the refresh token couldn't be opened when it was last needed.
    #[serde(default)]
    pub(super) unopenable: bool,
}

impl Live {
    /// A connection with tokens that the provider has just issued. `scope` is what it granted if its response doesn't
    /// say.
    pub(super) fn new(
        parties: Parties,
        tokens: SealedTokens,
        scope: Scope,
        now: Timestamp,
    ) -> Self {
        let margin = |lifetime: Seconds| Seconds(MARGIN.0.min(lifetime.0.div_euclid(10).max(1)));
        let expires_at = tokens.lifetime.map(|lifetime| now.plus(lifetime));
        Self {
            parties,
            scope: tokens.scope.unwrap_or(scope),
            approved: None,
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            expires_at,
            refresh_at: expires_at.zip(tokens.lifetime).map(|(at, life)| at.minus(margin(life))),
            unanswered: 0,
            not_before: None,
            unopenable: false,
        }
    }

    /// Whether the access token must be refreshed before it is handed out.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.refresh_at.is_some_and(|moment| moment <= now)
    }

    /// Whether the access token has not expired.
    pub(super) fn works(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|moment| now < moment)
    }

    /// Whether the user approved for this connection all the scopes that were approved for `earlier`.
    pub(super) fn covers(&self, earlier: &Self) -> bool {
        earlier.approved.as_ref().is_none_or(|before| {
            self.approved.as_ref().is_some_and(|approved| approved.covers(before))
        })
    }

    /// Ends the connection until the user connects again.
    pub(super) fn end(self, why: Broken) -> BrokenConnection {
        BrokenConnection { parties: self.parties, scope: self.scope, why }
    }

    /// Revokes the tokens at the provider.
    pub(super) fn revoke(self) -> Effect<ConnectionWants> {
        Effect::Own(ConnectionWants::RevokeConnection {
            account: self.parties.account,
            provider: self.parties.provider,
            access_token: self.access_token,
            refresh_token: self.refresh_token,
        })
    }
}
