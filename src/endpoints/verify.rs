//! Verification of the server's own tokens, in process.

use super::failure::Failure;
use super::http::{Method, Request};
use super::server::Server;
use crate::domain::grant::SpendDeviceCode;
use crate::domain::machine::Address;
use crate::domain::time::Timestamp;
use crate::jose::access_token::{self, AccessToken, Audience};
use crate::jose::id_token::IdToken;
use crate::jose::jws::{Header, Unverified};
use crate::protocol::error::{ErrorCode, OAuthError};
use serde::de::DeserializeOwned;

/// Which keys a token may be signed with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// One that the JWKS publishes now.
    Published,
    /// Also an older key, which only verifies an `id_token_hint`.
    PublishedOrHint,
}

/// The claims of a token that this server signed, even if it has expired; `None` for any other token.
async fn own<T: DeserializeOwned>(
    server: &Server<'_>,
    token: &str,
    typ: &str,
    keys: Keys,
) -> Result<Option<T>, Failure> {
    let Ok(unverified) = Unverified::<Header>::parse(token) else {
        return Ok(None);
    };
    let header = &unverified.header;
    if header.typ != typ {
        return Ok(None);
    }
    let published = server.ports.signer.keys(header.alg).await?;
    let mut key = published.find(&header.kid, server.now()).cloned();
    if key.is_none() && keys == Keys::PublishedOrHint {
        let older = server.ports.signer.hint_keys().await?;
        key = older.find(&header.kid, server.now()).cloned();
    }
    let Some(key) = key.filter(|key| key.alg == header.alg) else {
        return Ok(None);
    };
    let input = unverified.signing_input.as_bytes();
    let holds = server.ports.signer.verify(&key, input, &unverified.signature).await?;
    Ok(if holds { unverified.claims().ok() } else { None })
}

/// The claims of an access token of this server that has not expired (RFC 9068 §4).
pub async fn access_token(
    server: &Server<'_>,
    token: &str,
) -> Result<Option<AccessToken>, Failure> {
    let claims: Option<AccessToken> =
        own(server, token, access_token::TYP, Keys::Published).await?;
    let now = server.now().seconds();
    Ok(claims.filter(|claims| claims.iss == server.issuer && now < claims.exp))
}

/// The claims of the access token that a request bears. If the device response with this token can still be repeated,
/// this spends its device code: a client that uses the token has received the response.
///
/// # Errors
/// The bearer token errors of RFC 6750 §3.1.
pub async fn bearer_access_token(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<AccessToken, Failure> {
    let claims = access_token(server, &bearer(request)?).await?.ok_or_else(inactive)?;
    // RFC 7592 §2.3: deleting a client ends its tokens. There is no list of a client's grants, so each use checks the
    // client.
    if server.client(&claims.client_id).await?.is_none() {
        return Err(inactive());
    }
    let repeatable_until = claims.device_code_exp.map(Timestamp::from_seconds);
    if let Some(grant_id) = &claims.grant_id
        && repeatable_until.is_some_and(|until| server.now() < until)
    {
        let address = Address::Id(grant_id.clone());
        server.ask(&address, SpendDeviceCode).await?.map_err(|_| inactive())?;
    }
    Ok(claims)
}

/// An ID token that a client sends as `id_token_hint`.
pub enum Hint {
    /// Not an ID token of this server.
    Unknown,
    /// Issued to a client that has since been deleted.
    OfDeletedClient,
    /// Its claims.
    Known(Box<IdToken>),
}

/// Reads an ID token as a hint. It is accepted even if it has expired or its key is no longer published
/// (RP-Initiated Logout §2, OpenID Connect Core §3.1.2.1).
///
/// # Errors
/// Internal errors only.
pub async fn id_token_hint(server: &Server<'_>, token: &str) -> Result<Hint, Failure> {
    let claims: Option<IdToken> = own(server, token, "JWT", Keys::PublishedOrHint).await?;
    let Some(claims) = claims.filter(|claims| claims.iss == server.issuer) else {
        return Ok(Hint::Unknown);
    };
    match &claims.aud {
        Audience::One(client_id) if server.client(client_id).await?.is_none() => {
            Ok(Hint::OfDeletedClient)
        }
        _ => Ok(Hint::Known(Box::new(claims))),
    }
}

/// The bearer token of a request: in the header, or in the form body of a POST (RFC 6750 §2).
///
/// # Errors
/// A challenge without an error if there is no token; `invalid_request` if one was sent twice.
pub fn bearer(request: &Request<'_>) -> Result<String, Failure> {
    let invalid = |text: &'static str| Failure::Bearer(OAuthError::invalid_request(text));
    let header = match request.header("authorization") {
        None => None,
        Some(header) => match header.split_once(' ') {
            Some((scheme, token))
                if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() =>
            {
                Some(token.trim().to_owned())
            }
            _ => return Err(invalid("the Authorization header must be: Bearer, a space, a token")),
        },
    };
    let has_form = request.method == Method::Post
        && request.media_type().as_deref() == Some("application/x-www-form-urlencoded");
    let form = if has_form { request.form().map_err(Failure::Bearer)? } else { <_>::default() };
    match (header, form.get("access_token").map(String::from)) {
        (Some(_), Some(_)) => Err(invalid("send the access token once: in the header or the body")),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(Failure::NoBearer),
    }
}

/// The error for a bearer token that is not active (RFC 6750 §3.1).
pub fn inactive() -> Failure {
    Failure::Bearer(OAuthError::new(
        ErrorCode::InvalidToken,
        "the access token is expired, revoked, malformed or not from this server",
    ))
}
