//! The tokens of an outside account, as they are stored.

use serde::{Deserialize, Serialize};

use crate::domain::time::Seconds;
use crate::protocol::scope::Scope;

/// Tokens, sealed under a key of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where the provider gave one.
    pub refresh_token: Option<String>,
    /// How long the access token lives, where the provider says.
    pub lifetime: Option<Seconds>,
    /// The scopes that were granted, where the provider says.
    pub scope: Option<Scope>,
    /// The granted scopes that a user can approve here: those in the provider's `connection_scope`, except
    /// `openid`. Empty if the provider didn't name scopes, which means that it granted what was asked for
    /// (RFC 6749 §5.1).
    #[serde(default)]
    pub connectable: Scope,
}

impl SealedTokens {
    /// Whether the provider granted scopes that the user didn't approve.
    pub fn exceed(&self, approved: &Scope) -> bool {
        !approved.covers(&self.connectable)
    }
}
