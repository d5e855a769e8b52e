//! What an upstream provider says of itself (OpenID Connect Discovery §3), as far as a relying party
//! needs it.

use serde::{Deserialize, Serialize};

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderMetadataError {
    /// Not the JSON object of OpenID Connect Discovery §4.2.
    #[error("the discovery document cannot be read: {0}")]
    Syntax(String),
    /// OpenID Connect Discovery §4.3: the document must name the issuer that was asked for.
    #[error("the discovery document names the issuer {0}")]
    OtherIssuer(String),
}

/// The metadata of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    #[serde(default)]
    pub jwks_uri: Option<String>,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub revocation_endpoint: Option<String>,
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub prompt_values_supported: Vec<String>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl ProviderMetadata {
    /// Where an issuer has its document (OpenID Connect Discovery §4).
    pub fn address(issuer: &str) -> String {
        format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
    }

    /// Reads the document of an issuer. An issuer with `{tenantid}` in it stands for every tenant of
    /// a provider that has many: its document says so in the same words.
    ///
    /// # Errors
    /// See [`ProviderMetadataError`].
    pub fn parse(json: &str, issuer: &str) -> Result<Self, ProviderMetadataError> {
        // A list of the right length would pass for the structure.
        if !json.trim_start().starts_with('{') {
            return Err(ProviderMetadataError::Syntax("an object is expected".to_owned()));
        }
        let metadata: Self = serde_json::from_str(json)
            .map_err(|error| ProviderMetadataError::Syntax(error.to_string()))?;
        if metadata.issuer == issuer {
            Ok(metadata)
        } else {
            Err(ProviderMetadataError::OtherIssuer(metadata.issuer))
        }
    }
}
