//! An app's authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1) while it waits.

use serde::{Deserialize, Serialize};

use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::prompt::Prompt;
use crate::protocol::response_mode::ResponseMode;
use crate::protocol::scope::Scope;

/// A validated request, which pages carry along while the user signs in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_mode: ResponseMode,
    pub state: Option<String>,
    pub scope: Scope,
    /// The requested scopes that the client can't have. Kept only in development, for the consent page.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub left_out: Scope,
    pub resources: Vec<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<CodeChallenge>,
    pub prompt: Prompt,
    /// In seconds.
    pub max_age: Option<u32>,
    pub login_hint: Option<String>,
    /// Passed on to the upstream provider.
    #[serde(default)]
    pub ui_locales: Option<String>,
    /// Passed on to the upstream provider.
    #[serde(default)]
    pub acr_values: Option<String>,
    pub claims: ClaimsRequest,
    /// The user who must be signed in, from `id_token_hint` or `claims`.
    pub sub: Option<String>,
    /// When the request arrived. A sign-in after this moment was made for it.
    pub started_at: Timestamp,
    /// Whether the user has chosen an account for it.
    pub account_selected: bool,
}

impl AuthorizationRequest {
    /// All scopes that the user is asked to allow: the requested ones, and those that contain requested claims.
    pub fn asked(&self) -> Scope {
        let mut asked = self.scope.clone();
        self.claims.scope().iter().for_each(|token| asked.insert(token));
        asked
    }

    /// The earliest sign-in that satisfies the request. A sign-in after the request arrived satisfies `prompt=login`
    /// and any `max_age`.
    pub fn signed_in_since(&self, now: Timestamp) -> Option<Timestamp> {
        // With `prompt=create`, the user must sign up or choose an account for this request.
        if self.prompt.login || (self.prompt.create && !self.account_selected) {
            return Some(self.started_at);
        }
        // `auth_time` is in whole seconds, so the age is counted in whole seconds too.
        let oldest = |max_age| now.minus(Seconds(max_age)).min(self.started_at);
        self.max_age.map(oldest)
    }
}
