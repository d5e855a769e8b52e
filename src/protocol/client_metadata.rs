//! Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2, RP-Initiated
//! Logout §3.1).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::grant_type::{GrantType, ResponseType, TokenEndpointAuthMethod};
use super::redirect_uri::RedirectUriError;
use super::scope::Scope;
use super::text::{self, TextError};

/// Why client metadata is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientMetadataError {
    /// The document is not the JSON object of RFC 7591 §3.1.
    #[error("client metadata must be a JSON object")]
    Syntax,
    /// A member has a form that its specification doesn't define: the member, and the expected form.
    #[error("{0} must be {1}")]
    Form(&'static str, &'static str),
    /// A member appears more than once.
    #[error("{0} must appear only once")]
    Repeated(&'static str),
    /// RFC 7591 §2: clients that use redirects must register at least one.
    #[error("redirect_uris must name at least one URI for the authorization_code grant")]
    NoRedirectUri,
    /// A redirect URI that can't be registered.
    #[error("{0}")]
    RedirectUri(#[from] RedirectUriError),
    /// A text with characters that could change how a page displays.
    #[error("{0}: {1}")]
    Text(&'static str, TextError),
    /// The name of this service, or one that looks like it.
    #[error("client_name is the name of this service or looks like it; choose another name")]
    BrandName,
    /// More or longer values than the server accepts.
    #[error("{0} is too long or holds too many values")]
    TooLong(&'static str),
    /// None of the grant types is supported (RFC 7591 §2).
    #[error("this server supports none of the requested grant_types")]
    GrantTypes,
    /// RFC 7591 §2.1: response types and grant types must agree.
    #[error("response_types may be only code, and only with the authorization_code grant")]
    ResponseTypes,
    /// An unsupported authentication method (RFC 7591 §2).
    #[error("token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")]
    TokenEndpointAuthMethod,
    /// `offline_access` without refresh tokens (OpenID Connect Core §11).
    #[error("scope has only offline_access, which needs the grant type refresh_token")]
    OfflineAccess,
    /// OAuth 2.1 §4.2: only confidential clients may use the client_credentials grant.
    #[error("the client_credentials grant needs a client that authenticates")]
    PublicClientCredentials,
    /// A URI that users see must be safe to open in a browser.
    #[error("{0} must be an https URL without a user name or password")]
    Uri(&'static str),
    /// An unsupported algorithm (OpenID Connect Dynamic Client Registration §2).
    #[error("id_token_signed_response_alg must be ES256 or RS256")]
    IdTokenSignedResponseAlg,
    /// An unsupported subject type (OpenID Connect Core §8).
    #[error("subject_type must be public")]
    SubjectType,
    /// An unknown application type (OpenID Connect Dynamic Client Registration §2).
    #[error("application_type must be web or native")]
    ApplicationType,
    /// Metadata that the server can't honor, so it must not accept it.
    #[error("{0} is not supported")]
    NotSupported(&'static str),
    /// RFC 9700 §2.1.1: a public client must always use PKCE.
    #[error("require_pkce cannot be false for a public client")]
    PublicWithoutPkce,
    /// Only the operator may give a client this grant type.
    #[error("only the operator may allow the client_credentials grant")]
    ClientCredentials,
    /// Only the operator may declare a client first-party.
    #[error("only the operator may set first_party")]
    FirstParty,
}

/// `id_token_signed_response_alg`: the algorithms with which ID tokens can be signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 (RFC 7518 §3.4), the default.
    #[default]
    ES256,
    /// RSASSA-PKCS1-v1_5 (RFC 7518 §3.3), which OpenID Connect Core §15.1 requires of every provider.
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

/// Validated client metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// The redirect URIs for authorization responses.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The redirect URIs after logout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// How the client authenticates at the token endpoint.
    pub token_endpoint_auth_method: TokenEndpointAuthMethod,
    /// The grants that it may use.
    pub grant_types: Vec<GrantType>,
    /// The response types that it may use.
    pub response_types: Vec<ResponseType>,
    /// The name that users see.
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
    /// Contacts for questions about the client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The scopes that it may request.
    pub scope: Scope,
    /// `web` or `native`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    /// Identifies the software across all its installations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The software's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// The algorithm of its ID tokens.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// The maximum age of a sign-in, in seconds, if a request has no `max_age`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// False exempts a confidential client from PKCE (RFC 9700 §2.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    /// Whether the client is the operator's own, so that users aren't asked for consent.
    #[serde(default)]
    pub first_party: bool,
}

impl ClientMetadata {
    /// Whether the client can't keep a secret (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == TokenEndpointAuthMethod::None
    }

    /// The name that pages show: `client_name`, or else the `client_id`. It is cleaned, because it may have been stored
    /// before names were checked, or written into KV by hand.
    pub fn display_name<'a>(&'a self, client_id: &'a str) -> Cow<'a, str> {
        let name = self.client_name.as_deref().map(text::cleaned);
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| text::cleaned(client_id))
    }
}
