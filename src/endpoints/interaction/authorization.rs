//! An app's authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), as it waits.

use serde::{Deserialize, Serialize};

use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::prompt::Prompt;
use crate::protocol::response_mode::ResponseMode;
use crate::protocol::scope::Scope;

/// A request that was checked; what a page carries on while the person signs in.
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
    /// Seconds.
    pub max_age: Option<u32>,
    pub login_hint: Option<String>,
    /// Told to an upstream provider.
    #[serde(default)]
    pub ui_locales: Option<String>,
    /// Told to an upstream provider.
    #[serde(default)]
    pub acr_values: Option<String>,
    pub claims: ClaimsRequest,
    /// The person who must be signed in, by `id_token_hint` or `claims`.
    pub sub: Option<String>,
    /// When the request came: a login after this moment was made for it.
    pub started_at: Timestamp,
    /// Whether the person has chosen an account for it.
    pub account_selected: bool,
}

impl AuthorizationRequest {
    /// Everything that the person is asked for: the scopes, and those that stand for claims.
    pub fn asked(&self) -> Scope {
        let mut asked = self.scope.clone();
        self.claims.scope().iter().for_each(|token| asked.insert(token));
        asked
    }

    /// A login at or after this moment satisfies the request: one that is younger than the request satisfies
    /// `prompt=login` and any `max_age`.
    pub fn signed_in_since(&self, now: Timestamp) -> Option<Timestamp> {
        // Whoever wants to register has not, until an account was chosen for this request.
        if self.prompt.login || (self.prompt.create && !self.account_selected) {
            return Some(self.started_at);
        }
        // `auth_time` is told in whole seconds, and so the age is counted.
        let oldest = |max_age| now.minus(Seconds(max_age)).min(self.started_at);
        self.max_age.map(oldest)
    }
}
