//! Token revocation (RFC 7009).

use super::client_authentication::authenticate;
use super::failure::Failure;
use super::http::{Request, Response};
use super::introspect::presented;
use super::server::Server;
use super::token::required;
use super::verify;
use crate::domain::grant::{Presented, PresentedError, Revoke};
use crate::domain::machine::Address;
use crate::domain::token::{Token, TokenKind};
use crate::protocol::error::{ErrorCode, OAuthError};

/// Revokes a token. A refresh token ends its whole grant (§2.1); an access token ends alone.
///
/// # Errors
/// `invalid_client`; `invalid_grant` for another client's token, which stays valid; `unsupported_token_type` for a
/// token without a grant. An unknown token is no error (§2.2).
pub async fn revoke(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let form = request.take_form()?;
    let client = authenticate(server, request, &form).await?;
    let token = required(&form, "token")?;
    let revoked = Response::empty(200).with("cache-control", "no-store");
    let (grant_id, presented) = match Token::decode(TokenKind::RefreshToken, token) {
        Some(Token { object, number, secret }) => {
            let client_id = client.client_id.clone();
            (object.to_string(), Presented::RefreshToken { number, secret, client_id })
        }
        None => {
            let Some(claims) = verify::access_token(server, token).await? else {
                return Ok(revoked);
            };
            if claims.client_id != client.client_id {
                return Err(PresentedError::OtherClient.into());
            }
            let Some(grant_id) = claims.grant_id.clone() else {
                let description = "a token of the client_credentials grant is not stored; it ends when it expires";
                let error = OAuthError::new(ErrorCode::UnsupportedTokenType, description);
                return Err(error.into());
            };
            (grant_id, presented(&claims))
        }
    };
    match server.ask(&Address::Id(grant_id), Revoke(presented)).await? {
        Err(error @ PresentedError::OtherClient) => Err(error.into()),
        Ok(_) | Err(_) => Ok(revoked),
    }
}
