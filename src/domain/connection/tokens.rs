//! The tokens of a connected account, as they are stored.

use serde::{Deserialize, Serialize};

use crate::domain::time::Seconds;
use crate::protocol::scope::Scope;

/// Tokens, sealed with a key of the account here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token, if the provider issued one.
    pub refresh_token: Option<String>,
    /// The lifetime of the access token, if the provider says.
    pub lifetime: Option<Seconds>,
    /// The granted scopes, if the provider says.
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
