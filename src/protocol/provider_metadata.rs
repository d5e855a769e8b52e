//! The metadata of an upstream provider (OpenID Connect Discovery §3), as far as a relying party needs it.

use serde::Deserialize;
use url::Url;

use super::foreign_json::{ForeignJsonError, ForeignObject};

/// Why metadata can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderMetadataError {
    /// Not the JSON object of OpenID Connect Discovery §4.2, or without a required member.
    #[error("the discovery document cannot be used: {0}")]
    Unusable(#[from] ForeignJsonError),
    /// OpenID Connect Discovery §4.3: the document must have the issuer for which it was requested.
    #[error("the discovery document names the issuer {0}")]
    OtherIssuer(String),
}

/// The metadata of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: Option<String>,
    pub userinfo_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub end_session_endpoint: Option<String>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub prompt_values_supported: Vec<String>,
    pub authorization_response_iss_parameter_supported: bool,
    /// The names of optional members that were malformed.
    pub odd: Vec<&'static str>,
}

/// An `http` or `https` URL.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct WebAddress(String);

impl TryFrom<String> for WebAddress {
    type Error = &'static str;

    fn try_from(address: String) -> Result<Self, Self::Error> {
        let is_web = Url::parse(&address).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if is_web { Ok(Self(address)) } else { Err("an https URL is expected") }
    }
}

impl ProviderMetadata {
    /// The URL of an issuer's metadata (OpenID Connect Discovery §4).
    pub fn address(issuer: &str) -> String {
        format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
    }

    /// Parses an issuer's metadata. An issuer with `{tenantid}` stands for every tenant of a multi-tenant provider; its
    /// document has the same placeholder.
    ///
    /// # Errors
    /// See [`ProviderMetadataError`].
    pub fn parse(json: &str, issuer: &str) -> Result<Self, ProviderMetadataError> {
        let mut document = ForeignObject::parse(json)?;
        let needed = |name| document.needed::<WebAddress>(name).map(|address| address.0);
        let (authorization_endpoint, token_endpoint) =
            (needed("authorization_endpoint")?, needed("token_endpoint")?);
        let named: String = document.needed("issuer")?;
        if named != issuer {
            return Err(ProviderMetadataError::OtherIssuer(named));
        }
        let mut address = |name| document.optional::<WebAddress>(name).map(|address| address.0);
        let metadata = Self {
            issuer: named,
            authorization_endpoint,
            token_endpoint,
            jwks_uri: address("jwks_uri"),
            userinfo_endpoint: address("userinfo_endpoint"),
            revocation_endpoint: address("revocation_endpoint"),
            end_session_endpoint: address("end_session_endpoint"),
            token_endpoint_auth_signing_alg_values_supported: document
                .texts("token_endpoint_auth_signing_alg_values_supported"),
            prompt_values_supported: document.texts("prompt_values_supported"),
            authorization_response_iss_parameter_supported: promises_issuer(&mut document),
            odd: Vec::new(),
        };
        Ok(Self { odd: document.finish()?, ..metadata })
    }
}

/// Whether the provider promises to name itself in each authorization response (RFC 9207 §3). A malformed value counts
/// as true: otherwise a response without `iss` would be accepted that may have to be refused.
fn promises_issuer(document: &mut ForeignObject) -> bool {
    let name = "authorization_response_iss_parameter_supported";
    document.restriction(name).unwrap_or_else(|_| {
        document.note_odd(name);
        Some(true)
    }) == Some(true)
}
