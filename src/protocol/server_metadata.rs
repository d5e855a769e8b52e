//! Authorization server metadata (RFC 8414 §2, OpenID Connect Discovery §3).

use serde::Serialize;

use super::claims;
use super::grant_type::{GrantType, TokenEndpointAuthMethod};
use super::prompt::Prompt;
use super::response_mode::ResponseMode;
use super::scope;

/// The server's metadata. The same document is served at both well-known URLs.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct ServerMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub end_session_endpoint: String,
    pub device_authorization_endpoint: String,
    pub scopes_supported: Vec<&'static str>,
    pub response_types_supported: [&'static str; 1],
    pub response_modes_supported: [&'static str; 3],
    pub grant_types_supported: Vec<&'static str>,
    pub acr_values_supported: [&'static str; 1],
    pub subject_types_supported: [&'static str; 1],
    pub id_token_signing_alg_values_supported: [&'static str; 2],
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub claim_types_supported: [&'static str; 1],
    pub claims_supported: Vec<&'static str>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
    pub code_challenge_methods_supported: [&'static str; 1],
    pub prompt_values_supported: [&'static str; 5],
    pub ui_locales_supported: [&'static str; 1],
    pub authorization_response_iss_parameter_supported: bool,
}

impl ServerMetadata {
    /// The metadata of an issuer. `registers` says whether clients may register themselves.
    pub fn new(issuer: &str, registers: bool) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let methods = || TokenEndpointAuthMethod::ALL.map(TokenEndpointAuthMethod::as_str).to_vec();
        let own_claims = ["sub", "iss", "auth_time", "acr", "amr"];
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/token"),
            userinfo_endpoint: at("/userinfo"),
            jwks_uri: at("/jwks"),
            registration_endpoint: registers.then(|| at("/register")),
            introspection_endpoint: at("/introspect"),
            revocation_endpoint: at("/revoke"),
            end_session_endpoint: at("/end_session"),
            device_authorization_endpoint: at("/device_authorization"),
            scopes_supported: scope::STANDARD.into_iter().chain(claims::MEMBERSHIP).collect(),
            response_types_supported: ["code"],
            response_modes_supported: ResponseMode::SUPPORTED,
            grant_types_supported: GrantType::ALL.map(GrantType::as_str).to_vec(),
            acr_values_supported: [claims::ACR_SINGLE_FACTOR],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["ES256", "RS256"],
            token_endpoint_auth_methods_supported: methods(),
            introspection_endpoint_auth_methods_supported: methods()
                .into_iter()
                .filter(|method| *method != TokenEndpointAuthMethod::None.as_str())
                .collect(),
            revocation_endpoint_auth_methods_supported: methods(),
            claim_types_supported: ["normal"],
            claims_supported: own_claims.into_iter().chain(claims::all()).collect(),
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            require_request_uri_registration: false,
            code_challenge_methods_supported: ["S256"],
            prompt_values_supported: Prompt::SUPPORTED,
            ui_locales_supported: ["en"],
            authorization_response_iss_parameter_supported: true,
        }
    }
}
