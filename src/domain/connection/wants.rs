//! The requests of a connection to its provider.

use serde::{Deserialize, Serialize};

use super::{Parties, Refreshed, SealedTokens};
use crate::domain::machine::{Effect, Wants};

/// A request to the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionWants {
    /// Refresh the tokens. The count of attempts is stored before each attempt.
    RefreshConnection {
        /// The account here. Its key sealed the token.
        account: String,
        /// The provider.
        provider: String,
        /// The refresh token, sealed.
        refresh_token: String,
        /// How often this was sent.
        sent: u32,
    },
    /// Revoke the tokens.
    RevokeConnection {
        /// The account here. Its key sealed the tokens.
        account: String,
        /// The provider.
        provider: String,
        /// The access token, sealed.
        access_token: String,
        /// The refresh token, sealed.
        refresh_token: Option<String>,
    },
}

impl Wants for ConnectionWants {
    type Outcome = Refreshed;

    fn begun(&self) -> Option<Self> {
        let mut begun = self.clone();
        match &mut begun {
            Self::RefreshConnection { sent, .. } => *sent = sent.saturating_add(1),
            Self::RevokeConnection { .. } => return None,
        }
        Some(begun)
    }

    fn has_outcome(&self) -> bool {
        matches!(self, Self::RefreshConnection { .. })
    }
}

impl ConnectionWants {
    /// The effect that revokes tokens at the provider.
    pub(super) fn revoke(tokens: SealedTokens, parties: &Parties) -> Effect<Self> {
        Effect::Own(Self::RevokeConnection {
            account: parties.account.clone(),
            provider: parties.provider.clone(),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
        })
    }
}
