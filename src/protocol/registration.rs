//! The metadata of a client registration (RFC 7591 §2), parsed and validated.
//!
//! `null`, an empty value and an omitted member mean the same (RFC 7592 §2.2). A known member with a wrong value
//! is refused; an unknown member is ignored, whatever its value (RFC 7591 §2).

use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::client_metadata::{ClientMetadata, ClientMetadataError, SigningAlgorithm};
use super::foreign_json::{ForeignJsonError, ForeignObject};
use super::grant_type::{GrantType, ResponseType, TokenEndpointAuthMethod};
use super::redirect_uri;
use super::scope::{OFFLINE_ACCESS, Scope};
use super::text;

type Error = ClientMetadataError;

/// Parses and validates the metadata of a registration.
///
/// # Errors
/// See [`ClientMetadataError`].
pub fn metadata(json: &[u8]) -> Result<ClientMetadata, Error> {
    read(json).map(|(metadata, _)| metadata)
}

/// Parses and validates a registration. Also returns the requested scopes that the client can't have.
///
/// # Errors
/// See [`ClientMetadataError`].
pub fn read(json: &[u8]) -> Result<(ClientMetadata, Scope), Error> {
    let json = std::str::from_utf8(json).map_err(|_| Error::Syntax)?;
    let sent = Sent(ForeignObject::parse(json).map_err(|_| Error::Syntax)?);
    refuse_what_is_not_supported(&sent)?;
    let method = match sent.text("token_endpoint_auth_method")?.as_deref() {
        None => TokenEndpointAuthMethod::ClientSecretBasic,
        Some(value) => TokenEndpointAuthMethod::ALL
            .into_iter()
            .find(|method| method.as_str() == value)
            .ok_or(Error::TokenEndpointAuthMethod)?,
    };
    let grant_types = grant_types(&sent)?;
    let may_redirect = grant_types.contains(&GrantType::AuthorizationCode);
    let redirect_uris = redirect_uris(&sent, "redirect_uris")?;
    let require_pkce = sent.boolean("require_pkce")?;
    if may_redirect && redirect_uris.is_empty() {
        return Err(Error::NoRedirectUri);
    }
    if method == TokenEndpointAuthMethod::None {
        if grant_types.contains(&GrantType::ClientCredentials) {
            return Err(Error::PublicClientCredentials);
        }
        if require_pkce == Some(false) {
            return Err(Error::PublicWithoutPkce);
        }
    }
    let (scope, left_out) = scope(&sent, &grant_types)?;
    let metadata = ClientMetadata {
        redirect_uris,
        post_logout_redirect_uris: self::redirect_uris(&sent, "post_logout_redirect_uris")?,
        token_endpoint_auth_method: method,
        response_types: response_types(&sent, may_redirect)?,
        grant_types,
        client_name: short_text(&sent, "client_name")?,
        client_uri: https(&sent, "client_uri")?,
        logo_uri: https(&sent, "logo_uri")?,
        tos_uri: https(&sent, "tos_uri")?,
        policy_uri: https(&sent, "policy_uri")?,
        contacts: contacts(&sent)?,
        scope,
        application_type: sent.text("application_type")?,
        software_id: short_text(&sent, "software_id")?,
        software_version: short_text(&sent, "software_version")?,
        id_token_signed_response_alg: match sent.text("id_token_signed_response_alg")?.as_deref() {
            None | Some("ES256") => SigningAlgorithm::ES256,
            Some("RS256") => SigningAlgorithm::RS256,
            Some(_) => return Err(Error::IdTokenSignedResponseAlg),
        },
        default_max_age: sent.member("default_max_age", "a whole number of seconds")?,
        require_pkce,
        first_party: sent.boolean("first_party")?.unwrap_or_default(),
    };
    Ok((metadata, left_out))
}

/// A registration as it was sent.
struct Sent(ForeignObject);

impl Sent {
    /// A member; `None` if it is omitted, `null` or empty. `expected` describes its form in the error.
    fn member<T: DeserializeOwned>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, Error> {
        let wrong = |error| match error {
            ForeignJsonError::Repeated(name) => Error::Repeated(name),
            _ => Error::Form(name, expected),
        };
        let is_empty = match self.0.restriction::<Value>(name).map_err(wrong)? {
            None => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(Value::Array(list)) => list.is_empty(),
            Some(_) => false,
        };
        if is_empty { Ok(None) } else { self.0.restriction(name).map_err(wrong) }
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        self.member(name, "a string")
    }

    fn texts(&self, name: &'static str) -> Result<Vec<String>, Error> {
        Ok(self.member(name, "a list of strings")?.unwrap_or_default())
    }

    fn boolean(&self, name: &'static str) -> Result<Option<bool>, Error> {
        self.member(name, "true or false")
    }
}

fn refuse_what_is_not_supported(sent: &Sent) -> Result<(), Error> {
    for name in [
        "id_token_encrypted_response_alg",
        "userinfo_signed_response_alg",
        "userinfo_encrypted_response_alg",
    ] {
        if sent.text(name)?.is_some() {
            return Err(Error::NotSupported(name));
        }
    }
    if !matches!(sent.text("subject_type")?.as_deref(), None | Some("public")) {
        return Err(Error::SubjectType);
    }
    if !matches!(sent.text("application_type")?.as_deref(), None | Some("web" | "native")) {
        return Err(Error::ApplicationType);
    }
    Ok(())
}

/// The supported ones of the requested grant types. RFC 7591 §3.2.1 lets the server replace unsupported values, and the
/// response says what was registered.
fn grant_types(sent: &Sent) -> Result<Vec<GrantType>, Error> {
    let asked = sent.texts("grant_types")?;
    if asked.is_empty() {
        return Ok(vec![GrantType::AuthorizationCode]);
    }
    let known: Vec<_> = GrantType::ALL
        .into_iter()
        .filter(|grant_type| asked.iter().any(|name| name == grant_type.as_str()))
        .collect();
    if known.is_empty() { Err(Error::GrantTypes) } else { Ok(known) }
}

fn response_types(sent: &Sent, may_redirect: bool) -> Result<Vec<ResponseType>, Error> {
    let asked = sent.texts("response_types")?;
    let is_code_asked = asked.is_empty() || asked.iter().any(|name| name == "code");
    match (may_redirect, is_code_asked) {
        (true, true) => Ok(vec![ResponseType::Code]),
        (false, _) if asked.is_empty() => Ok(Vec::new()),
        _ => Err(Error::ResponseTypes),
    }
}

fn redirect_uris(sent: &Sent, name: &'static str) -> Result<Vec<String>, Error> {
    let uris = sent.texts(name)?;
    if uris.len() > 50 {
        return Err(Error::TooLong(name));
    }
    uris.iter().try_for_each(|uri| redirect_uri::check(uri))?;
    Ok(uris)
}

/// The scopes that the client may request, and the requested ones that it can't have: `offline_access` means
/// refresh tokens (OpenID Connect Core §11), so it needs the grant type `refresh_token`. The response says what
/// was registered (RFC 7591 §3.2.1).
fn scope(sent: &Sent, grant_types: &[GrantType]) -> Result<(Scope, Scope), Error> {
    let refreshes = grant_types.contains(&GrantType::RefreshToken);
    let can_have = |token: &str| token != OFFLINE_ACCESS || refreshes;
    let Some(value) = sent.text("scope")? else {
        return Ok((Scope::standard().filter(can_have), Scope::default()));
    };
    let asked = Scope::parse(&value).map_err(|_| Error::TooLong("scope"))?;
    let (scope, left_out) = (asked.filter(can_have), asked.filter(|token| !can_have(token)));
    if scope.is_empty() { Err(Error::OfflineAccess) } else { Ok((scope, left_out)) }
}

fn contacts(sent: &Sent) -> Result<Vec<String>, Error> {
    let contacts = sent.texts("contacts")?;
    if contacts.len() > 10 {
        return Err(Error::TooLong("contacts"));
    }
    let checked = contacts.into_iter().map(|contact| check_text("contacts", contact));
    Ok(checked.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn short_text(sent: &Sent, name: &'static str) -> Result<Option<String>, Error> {
    match sent.text(name)? {
        Some(value) => check_text(name, value),
        None => Ok(None),
    }
}

/// Checks that a text may be displayed; `None` if it is empty.
fn check_text(name: &'static str, value: String) -> Result<Option<String>, Error> {
    if value.trim().is_empty() {
        return Ok(None);
    }
    if value.chars().count() > 200 {
        return Err(Error::TooLong(name));
    }
    text::check(&value).map_err(|error| Error::Text(name, error))?;
    Ok(Some(value))
}

/// A URL that users see as a link or a picture. `http` is allowed only for local development.
fn https(sent: &Sent, name: &'static str) -> Result<Option<String>, Error> {
    let Some(value) = sent.text(name)? else {
        return Ok(None);
    };
    let url = Url::parse(&value).map_err(|_| Error::Uri(name))?;
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    // A user name in the URL can pose as the host: `https://bank.example@evil.example/`.
    let anonymous = url.username().is_empty() && url.password().is_none();
    let safe = anonymous && (url.scheme() == "https" || (url.scheme() == "http" && loopback));
    // Measured as it is kept: three characters stand for each byte that isn't ASCII.
    if url.as_str().len() > 2000 {
        Err(Error::TooLong(name))
    } else if safe {
        Ok(Some(url.into()))
    } else {
        Err(Error::Uri(name))
    }
}
