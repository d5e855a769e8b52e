//! Where a provider is reached, and how this server proves who it is there.

use serde::Deserialize;

/// How this server proves who it is to the provider (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// HTTP Basic.
    ClientSecretBasic,
    /// In the body.
    ClientSecretPost,
    /// Signed with this server's own key, which the provider reads at `/jwks`.
    PrivateKeyJwt,
    /// A client secret that is itself signed, as Apple asks.
    AppleClientSecret,
    /// Nothing but PKCE.
    None,
}

/// Where a provider's endpoints are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoints {
    /// In its discovery document, at this address.
    Discovery(String),
    /// In the settings: a provider of plain OAuth 2.0.
    Configured(Box<PlainEndpoints>),
}

/// The endpoints of a provider of plain OAuth 2.0.
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
                // A place for the client's name stands in some.
                all
            }
        }
    }
}

/// The origin of an address (RFC 6454); empty for one that can't be read.
pub(super) fn origin(address: &str) -> String {
    url::Url::parse(address).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}
