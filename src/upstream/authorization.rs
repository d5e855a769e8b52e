//! The authorization request to a provider (OpenID Connect Core §3.1.2.1, RFC 7636).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::provider::Provider;
use crate::domain::entropy::{self, Entropy};
use crate::protocol::parameters;
use crate::protocol::provider_metadata::ProviderMetadata;
use crate::protocol::scope::{OFFLINE_ACCESS, Scope};

/// The values that bind the provider's response to the browser, which keeps them in a sealed cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// `state`.
    pub state: String,
    /// `nonce`.
    pub nonce: String,
    /// `code_verifier` (RFC 7636 §4.1).
    pub code_verifier: String,
}

impl Binding {
    /// New random values.
    pub fn random(entropy: &dyn Entropy) -> Self {
        let text = || Base64UrlUnpadded::encode_string(&entropy::bytes::<32>(entropy));
        Self { state: text(), nonce: text(), code_verifier: text() }
    }

    fn code_challenge(&self) -> String {
        Base64UrlUnpadded::encode_string(&Sha256::digest(self.code_verifier.as_bytes()))
    }
}

/// The parameters of an authorization request to a provider.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationParameters {
    /// The scopes.
    pub scope: Scope,
    /// Whether the user must sign in again (`prompt=login`).
    pub prompt_login: bool,
    /// Whether the user may choose an account (`prompt=select_account`).
    pub select_account: bool,
    /// `max_age`, in seconds.
    pub max_age: Option<u32>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
    /// `acr_values`.
    pub acr_values: Vec<String>,
    /// Whether the request is for a connection, whose tokens must work while the user is away.
    pub connects: bool,
}

/// The URL of the authorization request.
pub fn address(
    provider: &Provider,
    metadata: &ProviderMetadata,
    binding: &Binding,
    redirect_uri: &str,
    parameters: &AuthorizationParameters,
) -> String {
    let scope = parameters.scope.to_string();
    let challenge = binding.code_challenge();
    let mut pairs: Vec<(&str, &str)> = vec![
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", redirect_uri),
        ("scope", &scope),
        ("state", &binding.state),
    ];
    if provider.quirks.pkce {
        pairs.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
    }
    let max_age = parameters.max_age.map(|seconds| seconds.to_string());
    let acr_values = parameters.acr_values.join(" ");
    if provider.is_openid() {
        pairs.push(("nonce", &binding.nonce));
        // A refresh token requires consent (OpenID Connect Core §11).
        let offline = parameters.connects && parameters.scope.contains(OFFLINE_ACCESS);
        // A provider that doesn't know the value would refuse the whole request.
        let knows = |word: &str| metadata.prompt_values_supported.iter().any(|value| value == word);
        let select_account = parameters.select_account && knows("select_account");
        let prompt = match (parameters.prompt_login, select_account) {
            (true, true) => Some("login select_account"),
            (true, false) => Some("login"),
            (false, true) => Some("select_account"),
            (false, false) => offline.then_some("consent"),
        };
        pairs.extend(prompt.map(|prompt| ("prompt", prompt)));
        pairs.extend(max_age.as_deref().map(|max_age| ("max_age", max_age)));
        if !acr_values.is_empty() {
            pairs.push(("acr_values", &acr_values));
        }
    }
    pairs.extend(parameters.login_hint.as_deref().map(|hint| ("login_hint", hint)));
    pairs.extend(parameters.ui_locales.as_deref().map(|locales| ("ui_locales", locales)));
    // Parameters that the operator configured replace the default ones.
    let mut configured: Vec<(&str, &str)> = Vec::new();
    if parameters.connects {
        configured.extend_from_slice(provider.quirks.connection_parameters);
    }
    let written = &provider.authorization_parameters;
    configured.retain(|(name, _)| !written.contains_key(*name));
    configured.extend(written.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    pairs.retain(|(name, _)| !configured.iter().any(|(set, _)| set == name));
    pairs.extend(configured);
    parameters::add_to_query(&metadata.authorization_endpoint, pairs)
}
