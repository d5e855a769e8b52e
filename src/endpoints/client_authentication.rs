//! Client authentication (RFC 6749 §2.3).

use base64ct::{Base64, Encoding};

use super::failure::Failure;
use super::http::Request;
use super::server::Server;
use crate::domain::client::Client;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::grant_type::TokenEndpointAuthMethod;
use crate::protocol::parameters::{self, Parameters};

/// The credentials that a client sent, not yet verified.
struct Credentials {
    client_id: String,
    secret: Option<String>,
    method: TokenEndpointAuthMethod,
}

/// Authenticates the client with the one method that it registered.
///
/// # Errors
/// `invalid_client`, with the same text for an unknown client and a wrong secret; `invalid_request` if no client is
/// named or two methods are used.
pub async fn authenticate(
    server: &Server<'_>,
    request: &Request<'_>,
    form: &Parameters,
) -> Result<Client, Failure> {
    let header = request.header("authorization");
    let by_header = header.is_some();
    let refused = || {
        let description = "the client is unknown, its secret is wrong, or it did not use the \
                           method that it registered";
        let error = OAuthError::new(ErrorCode::InvalidClient, description);
        if by_header { Failure::ClientChallenge(error) } else { Failure::Caller(error) }
    };
    let shown = match header {
        Some(header) => basic(&header, form)?.ok_or_else(refused)?,
        None => body(form)?,
    };
    let client = server.client(&shown.client_id).await?.ok_or_else(refused)?;
    if client.metadata.token_endpoint_auth_method != shown.method {
        return Err(refused());
    }
    match (client.secret, shown.secret) {
        (None, None) => Ok(client),
        (Some(_), Some(secret)) if client.has_secret(&secret) => Ok(client),
        // The cached client may be older than its newest secret.
        (Some(_), Some(secret)) => {
            let fresh = server.registered_client(&client.client_id).await?;
            fresh.filter(|fresh| fresh.has_secret(&secret)).ok_or_else(refused)
        }
        _ => Err(refused()),
    }
}

/// `client_secret_basic`: the ID and the secret are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(header: &str, form: &Parameters) -> Result<Option<Credentials>, Failure> {
    if form.get("client_secret").is_some() {
        let description = "use one method of client authentication, not two";
        return Err(OAuthError::invalid_request(description).into());
    }
    let Some((scheme, encoded)) = header.split_once(' ') else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 2000 {
        return Ok(None);
    }
    let decoded = Base64::decode_vec(encoded.trim()).ok().and_then(|b| String::from_utf8(b).ok());
    let Some((client_id, secret)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
        return Ok(None);
    };
    let (Ok(client_id), Ok(secret)) =
        (parameters::decode(client_id.as_bytes()), parameters::decode(secret.as_bytes()))
    else {
        return Ok(None);
    };
    if form.get("client_id").is_some_and(|sent| sent != client_id) {
        let description = "client_id in the body is not the one in the Authorization header";
        return Err(OAuthError::invalid_request(description).into());
    }
    let method = TokenEndpointAuthMethod::ClientSecretBasic;
    Ok(Some(Credentials { client_id, secret: Some(secret), method }))
}

/// `client_secret_post`, or `none` if no secret is sent.
fn body(form: &Parameters) -> Result<Credentials, Failure> {
    let client_id = form.get("client_id").ok_or_else(|| {
        OAuthError::new(
            ErrorCode::InvalidClient,
            "send client_id in the body, or authenticate with the Authorization header",
        )
    })?;
    let secret = form.get("client_secret").map(String::from);
    let method = match secret {
        Some(_) => TokenEndpointAuthMethod::ClientSecretPost,
        None => TokenEndpointAuthMethod::None,
    };
    Ok(Credentials { client_id: client_id.to_owned(), secret, method })
}
