//! Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2, RP-Initiated
//! Logout §3.1).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use url::Url;

use super::grant_type::{GrantType, ResponseType, TokenEndpointAuthMethod};
use super::redirect_uri::{self, RedirectUriError};
use super::scope::Scope;
use super::text::{self, TextError};

/// Why metadata is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientMetadataError {
    /// The document is not the JSON object of RFC 7591 §3.1.
    #[error("client metadata must be a JSON object: {0}")]
    Syntax(String),
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

/// Metadata as it is sent, before any check.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    client_name: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    tos_uri: Option<String>,
    policy_uri: Option<String>,
    contacts: Vec<String>,
    scope: Option<String>,
    application_type: Option<String>,
    software_id: Option<String>,
    software_version: Option<String>,
    id_token_signed_response_alg: Option<String>,
    id_token_encrypted_response_alg: Option<String>,
    userinfo_signed_response_alg: Option<String>,
    userinfo_encrypted_response_alg: Option<String>,
    subject_type: Option<String>,
    default_max_age: Option<u32>,
    require_pkce: Option<bool>,
    first_party: bool,
}

impl ClientMetadata {
    /// Reads and checks the JSON of a registration.
    ///
    /// # Errors
    /// See [`ClientMetadataError`].
    pub fn parse(json: &[u8]) -> Result<Self, ClientMetadataError> {
        let syntax = |error: &str| ClientMetadataError::Syntax(error.to_owned());
        // A list of the right length would pass for the structure.
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(syntax("it does not begin with a brace"));
        }
        let wire: Wire =
            serde_json::from_slice(json).map_err(|error| syntax(&error.to_string()))?;
        wire.check()
    }

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

impl Wire {
    fn check(self) -> Result<ClientMetadata, ClientMetadataError> {
        use ClientMetadataError as Error;
        self.refuse_what_is_not_supported()?;
        let method = match self.token_endpoint_auth_method.as_deref() {
            None => TokenEndpointAuthMethod::ClientSecretBasic,
            Some(value) => TokenEndpointAuthMethod::ALL
                .into_iter()
                .find(|method| method.as_str() == value)
                .ok_or(Error::TokenEndpointAuthMethod)?,
        };
        let grant_types = grant_types(self.grant_types)?;
        let may_redirect = grant_types.contains(&GrantType::AuthorizationCode);
        let response_types = response_types(self.response_types, may_redirect)?;
        if may_redirect && self.redirect_uris.is_empty() {
            return Err(Error::NoRedirectUri);
        }
        let is_public = method == TokenEndpointAuthMethod::None;
        if is_public && grant_types.contains(&GrantType::ClientCredentials) {
            return Err(Error::PublicClientCredentials);
        }
        if is_public && self.require_pkce == Some(false) {
            return Err(Error::PublicWithoutPkce);
        }
        for (name, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if uris.len() > 50 {
                return Err(Error::TooLong(name));
            }
            uris.iter().try_for_each(|uri| redirect_uri::check(uri))?;
        }
        if self.contacts.len() > 10 {
            return Err(Error::TooLong("contacts"));
        }
        let scope = match self.scope.as_deref() {
            None => Scope::standard(),
            Some(value) => Scope::parse(value).map_err(|_| Error::TooLong("scope"))?,
        };
        Ok(ClientMetadata {
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            token_endpoint_auth_method: method,
            grant_types,
            response_types,
            client_name: short_text("client_name", self.client_name)?,
            client_uri: https("client_uri", self.client_uri)?,
            logo_uri: https("logo_uri", self.logo_uri)?,
            tos_uri: https("tos_uri", self.tos_uri)?,
            policy_uri: https("policy_uri", self.policy_uri)?,
            contacts: texts("contacts", self.contacts)?,
            scope,
            application_type: self.application_type,
            software_id: short_text("software_id", self.software_id)?,
            software_version: short_text("software_version", self.software_version)?,
            id_token_signed_response_alg: match self.id_token_signed_response_alg.as_deref() {
                None | Some("ES256") => SigningAlgorithm::ES256,
                Some("RS256") => SigningAlgorithm::RS256,
                Some(_) => return Err(Error::IdTokenSignedResponseAlg),
            },
            default_max_age: self.default_max_age,
            require_pkce: self.require_pkce,
            first_party: self.first_party,
        })
    }

    fn refuse_what_is_not_supported(&self) -> Result<(), ClientMetadataError> {
        use ClientMetadataError as Error;
        if self.id_token_encrypted_response_alg.is_some() {
            return Err(Error::NotSupported("id_token_encrypted_response_alg"));
        }
        if self.userinfo_signed_response_alg.is_some() {
            return Err(Error::NotSupported("userinfo_signed_response_alg"));
        }
        if self.userinfo_encrypted_response_alg.is_some() {
            return Err(Error::NotSupported("userinfo_encrypted_response_alg"));
        }
        if !matches!(self.subject_type.as_deref(), None | Some("public")) {
            return Err(Error::SubjectType);
        }
        if !matches!(self.application_type.as_deref(), None | Some("web" | "native")) {
            return Err(Error::ApplicationType);
        }
        Ok(())
    }
}

/// The known ones among those asked for: RFC 7591 §3.2.1 lets the server replace what it does not
/// know, and the answer says what was kept.
fn grant_types(asked: Option<Vec<String>>) -> Result<Vec<GrantType>, ClientMetadataError> {
    let Some(asked) = asked else {
        return Ok(vec![GrantType::AuthorizationCode]);
    };
    let known: Vec<_> = GrantType::ALL
        .into_iter()
        .filter(|grant_type| asked.iter().any(|name| name == grant_type.as_str()))
        .collect();
    if known.is_empty() { Err(ClientMetadataError::GrantTypes) } else { Ok(known) }
}

fn response_types(
    asked: Option<Vec<String>>,
    may_redirect: bool,
) -> Result<Vec<ResponseType>, ClientMetadataError> {
    match (asked, may_redirect) {
        (None, true) => Ok(vec![ResponseType::Code]),
        (None, false) => Ok(Vec::new()),
        (Some(asked), false) if asked.is_empty() => Ok(Vec::new()),
        (Some(asked), true) if asked.iter().any(|name| name == "code") => {
            Ok(vec![ResponseType::Code])
        }
        _ => Err(ClientMetadataError::ResponseTypes),
    }
}

fn short_text(
    name: &'static str,
    value: Option<String>,
) -> Result<Option<String>, ClientMetadataError> {
    let Some(value) = value.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    if value.chars().count() > 200 {
        return Err(ClientMetadataError::TooLong(name));
    }
    text::check(&value).map_err(|error| ClientMetadataError::Text(name, error))?;
    Ok(Some(value))
}

fn texts(name: &'static str, values: Vec<String>) -> Result<Vec<String>, ClientMetadataError> {
    let checked: Result<Vec<_>, _> =
        values.into_iter().map(|value| short_text(name, Some(value))).collect();
    Ok(checked?.into_iter().flatten().collect())
}

/// A URL that people are shown as a link or a picture; `http` for local development alone.
fn https(name: &'static str, value: Option<String>) -> Result<Option<String>, ClientMetadataError> {
    let Some(value) = value else {
        return Ok(None);
    };
    let url = Url::parse(&value).map_err(|_| ClientMetadataError::Uri(name))?;
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    // A user name in the URL can pose as the host: `https://bank.example@evil.example/`.
    let anonymous = url.username().is_empty() && url.password().is_none();
    let safe = anonymous && (url.scheme() == "https" || (url.scheme() == "http" && loopback));
    if value.len() > 2000 {
        Err(ClientMetadataError::TooLong(name))
    } else if safe {
        Ok(Some(url.into()))
    } else {
        Err(ClientMetadataError::Uri(name))
    }
}
