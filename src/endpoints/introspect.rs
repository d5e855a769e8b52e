//! Token introspection (RFC 7662). A client can introspect only its own tokens.

use serde::Serialize;

use super::client_authentication::authenticate;
use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use super::token::required;
use super::verify;
use crate::domain::client::Client;
use crate::domain::grant::{Active, Inspect, Presented};
use crate::domain::machine::Address;
use crate::domain::time::Timestamp;
use crate::domain::token::{Token, TokenKind};
use crate::jose::access_token::{AccessToken, Audience};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::Scope;

/// The response (RFC 7662 §2.2).
#[derive(Debug, Default, Serialize)]
struct Introspection {
    active: bool,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
}

/// Tells whether a token is active. All inactive tokens get the same response (§2.2).
///
/// # Errors
/// `invalid_client`, `invalid_request`.
pub async fn introspect(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let form = request.take_form()?;
    // RFC 7662 §2.3: 401, whichever way the client authenticated. No browser calls this endpoint.
    let client = authenticate(server, request, &form).await.map_err(|failure| match failure {
        Failure::Caller(error) if error.code == ErrorCode::InvalidClient => {
            Failure::ClientChallenge(error)
        }
        other => other,
    })?;
    if client.metadata.is_public() {
        // RFC 7662 §2.1: callers must be authorized, or anyone could try out tokens.
        let error = "only a client that authenticates may introspect tokens";
        let error = OAuthError::new(ErrorCode::InvalidClient, error);
        return Err(Failure::ClientChallenge(error));
    }
    let token = required(&form, "token")?;
    let answer = match Token::decode(TokenKind::RefreshToken, token) {
        Some(token) => refresh_token(server, &client, token).await?,
        None => access_token(server, &client, token).await?,
    };
    Ok(Response::json(200, &answer.unwrap_or_default()))
}

async fn refresh_token(
    server: &Server<'_>,
    client: &Client,
    token: Token,
) -> Result<Option<Introspection>, Failure> {
    let presented = Presented::RefreshToken {
        number: token.number,
        secret: token.secret,
        client_id: client.client_id.clone(),
    };
    let Some((authorization, expires_at)) =
        inspect(server, &token.object.to_string(), presented).await?
    else {
        return Ok(None);
    };
    Ok(Some(Introspection {
        active: true,
        scope: authorization.scope,
        client_id: Some(authorization.client_id),
        exp: expires_at.map(Timestamp::seconds),
        sub: Some(authorization.account),
        iss: Some(server.issuer.clone()),
        auth_time: authorization.authentication.auth_time.map(Timestamp::seconds),
        ..Introspection::default()
    }))
}

async fn access_token(
    server: &Server<'_>,
    client: &Client,
    token: &str,
) -> Result<Option<Introspection>, Failure> {
    let Some(claims) = verify::access_token(server, token).await? else {
        return Ok(None);
    };
    if claims.client_id != client.client_id {
        return Ok(None);
    }
    if let Some(grant_id) = claims.grant_id.clone()
        && inspect(server, &grant_id, presented(&claims)).await?.is_none()
    {
        return Ok(None);
    }
    Ok(Some(Introspection {
        active: true,
        scope: claims.scope,
        client_id: Some(claims.client_id),
        token_type: Some("Bearer"),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub),
        aud: Some(claims.aud),
        iss: Some(claims.iss),
        jti: Some(claims.jti),
        auth_time: claims.auth_time,
        acr: claims.acr,
    }))
}

/// An access token in the form that its grant recognizes.
pub(super) fn presented(claims: &AccessToken) -> Presented {
    Presented::AccessToken {
        jti: claims.jti.clone(),
        expires_at: Timestamp::from_seconds(claims.exp),
        client_id: claims.client_id.clone(),
    }
}

async fn inspect(
    server: &Server<'_>,
    grant_id: &str,
    presented: Presented,
) -> Result<Option<(crate::domain::grant::Authorization, Option<Timestamp>)>, Failure> {
    let address = Address::Id(grant_id.to_owned());
    Ok(match server.ask(&address, Inspect(presented)).await? {
        Ok(Active { authorization, expires_at }) => Some((*authorization, expires_at)),
        Err(_) => None,
    })
}
