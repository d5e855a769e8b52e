//! The endpoints of a provider, and how this server authenticates there.

use serde::Deserialize;

/// How this server authenticates at the provider (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// `client_secret_basic`: the secret by HTTP Basic authentication.
    ClientSecretBasic,
    /// `client_secret_post`: the secret in the body.
    ClientSecretPost,
    /// `private_key_jwt`: an assertion signed with this server's own key, which the provider reads at `/jwks`.
    PrivateKeyJwt,
    /// Apple's client secret, which is a signed JWT.
    AppleClientSecret,
    /// `none`: only PKCE protects the request.
    None,
}

/// Where the endpoints of a provider come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoints {
    /// From the discovery document at this URL.
    Discovery(String),
    /// From the settings, for a provider with OAuth 2.0 only.
    Configured(Box<PlainEndpoints>),
}

/// The endpoints of a provider with OAuth 2.0 only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct PlainEndpoints {
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    #[serde(default)]
    pub emails_endpoint: Option<String>,
    #[serde(default)]
    pub revocation_endpoint: Option<String>,
}

impl Endpoints {
    pub(super) fn addresses(&self) -> Vec<&str> {
        match self {
            Self::Discovery(address) => vec![address],
            Self::Configured(plain) => {
                let more = [&plain.emails_endpoint, &plain.revocation_endpoint];
                let mut all = vec![
                    plain.authorization_endpoint.as_str(),
                    plain.token_endpoint.as_str(),
                    plain.userinfo_endpoint.as_str(),
                ];
                all.extend(more.into_iter().filter_map(|address| address.as_deref()));
                // Some contain a placeholder for the `client_id`.
                all
            }
        }
    }
}

/// The origin of a URL (RFC 6454); empty for one that can't be read.
pub(super) fn origin(address: &str) -> String {
    url::Url::parse(address).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}
