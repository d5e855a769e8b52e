//! What a connection wants from its provider.

use serde::{Deserialize, Serialize};

use super::{Parties, Refreshed, SealedTokens};
use crate::domain::machine::{Effect, Wants};

/// What a connection wants from its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionWants {
    /// Refresh the tokens. It is stored how often this was sent, before it is sent.
    RefreshConnection {
        /// The account here, under whose key the token is sealed.
        account: String,
        /// The provider.
        provider: String,
        /// The refresh token, sealed.
        refresh_token: String,
        /// How often it was sent.
        sent: u32,
    },
    /// Give the access back.
    RevokeConnection {
        /// The account here, under whose key the tokens are sealed.
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
