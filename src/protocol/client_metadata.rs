//! Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2, RP-Initiated
//! Logout §3.1).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::grant_type::{GrantType, ResponseType, TokenEndpointAuthMethod};
use super::redirect_uri::RedirectUriError;
use super::scope::Scope;
use super::text::{self, TextError};

/// Why metadata is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientMetadataError {
    /// The document is not the JSON object of RFC 7591 §3.1.
    #[error("client metadata must be a JSON object")]
    Syntax,
    /// A member has a form that its specification doesn't define.
    #[error("{0} must be {1}")]
    Form(&'static str, &'static str),
    /// A member appears more than once.
    #[error("{0} must appear only once")]
    Repeated(&'static str),
    /// RFC 7591 §2: required of clients that are redirected to.
    #[error("redirect_uris must name at least one URI for the authorization_code grant")]
    NoRedirectUri,
    /// One of `redirect_uris`.
    #[error("{0}")]
    RedirectUri(#[from] RedirectUriError),
    /// A text with characters that could change how a page displays.
    #[error("{0}: {1}")]
    Text(&'static str, TextError),
    /// The name of the service itself, or one that looks like it.
    #[error("client_name is the name of this service or looks like it; choose another name")]
    BrandName,
    /// More or longer values than the server keeps.
    #[error("{0} is too long or holds too many values")]
    TooLong(&'static str),
    /// RFC 7591 §2.
    #[error("none of the grant_types asked for is known to this server")]
    GrantTypes,
    /// RFC 7591 §2.1: response types and grant types must agree.
    #[error("response_types may hold code alone, with the authorization_code grant")]
    ResponseTypes,
    /// RFC 7591 §2.
    #[error("token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")]
    TokenEndpointAuthMethod,
    /// OpenID Connect Core §11.
    #[error("scope has only offline_access, which needs the grant type refresh_token")]
    OfflineAccess,
    /// OAuth 2.1 §4.2: only confidential clients may act for themselves.
    #[error("the client_credentials grant needs a client that authenticates")]
    PublicClientCredentials,
    /// A URI shown to people must be one that a browser opens safely.
    #[error("{0} must be an https URL without a user name or password")]
    Uri(&'static str),
    /// OpenID Connect Dynamic Client Registration §2.
    #[error("id_token_signed_response_alg must be ES256 or RS256")]
    IdTokenSignedResponseAlg,
    /// OpenID Connect Core §8.
    #[error("subject_type must be public")]
    SubjectType,
    /// OpenID Connect Dynamic Client Registration §2.
    #[error("application_type must be web or native")]
    ApplicationType,
    /// Metadata that the server cannot honour and must not pretend to.
    #[error("{0} is not supported")]
    NotSupported(&'static str),
    /// RFC 9700 §2.1.1: a public client is never excused from PKCE.
    #[error("require_pkce cannot be false for a public client")]
    PublicWithoutPkce,
    /// A grant that only the operator gives.
    #[error("the client_credentials grant is the operator's to give")]
    ClientCredentials,
    /// A property that only the operator gives.
    #[error("first_party is the operator's to give")]
    FirstParty,
}

/// `id_token_signed_response_alg`: the algorithms in which ID tokens are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 (RFC 7518 §3.4), the default.
    #[default]
    ES256,
    /// RSASSA-PKCS1-v1_5 (RFC 7518 §3.3), as OpenID Connect Core §15.1 asks of every provider.
    RS256,
}

impl SigningAlgorithm {
    /// The value of `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
        }
    }
}

/// The metadata of a client, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// Where authorization responses may be sent.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where the browser may be sent after logout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// How the client proves who it is.
    pub token_endpoint_auth_method: TokenEndpointAuthMethod,
    /// The grants that it may use.
    pub grant_types: Vec<GrantType>,
    /// The response types that it may use.
    pub response_types: Vec<ResponseType>,
    /// What people are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The client's home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// The client's logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Whom to ask about the client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The scopes that it may ask for.
    pub scope: Scope,
    /// `web` or `native`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    /// Identifies the software, over all its installations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The software's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// The algorithm of its ID tokens.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// The greatest age of a login, in seconds, where a request names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// False excuses a confidential client from PKCE (RFC 9700 §2.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    /// A client of the operator's own: no consent is asked.
    #[serde(default)]
    pub first_party: bool,
}

impl ClientMetadata {
    /// Whether the client keeps no secret (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == TokenEndpointAuthMethod::None
    }

    /// The name that pages show: `client_name`, or else the `client_id`. It is cleaned, because it may have
    /// been stored before names were checked, or written into KV by hand.
    pub fn display_name<'a>(&'a self, client_id: &'a str) -> Cow<'a, str> {
        let name = self.client_name.as_deref().map(text::cleaned);
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| text::cleaned(client_id))
    }
}
