//! The userinfo endpoint: claims about the user (OpenID Connect Core §5.3).

use super::failure::Failure;
use super::http::{Request, Response};
use super::release::Release;
use super::server::Server;
use super::verify;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope;

/// Answers with the claims that the token's scopes and the `claims` parameter ask for.
///
/// # Errors
/// The bearer token errors of RFC 6750 §3.1.
pub async fn userinfo(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let token = verify::bearer_access_token(server, request).await?;
    // A token of the client_credentials grant belongs to no user.
    let grant_id = token.grant_id.ok_or_else(verify::inactive)?;
    if !token.scope.contains(scope::OPENID) || !token.aud.contains(&server.issuer) {
        let error = OAuthError::new(ErrorCode::InsufficientScope, "the scope openid is required");
        return Err(Failure::Bearer(error));
    }
    let released = Release::read(server, &token.sub, &grant_id, &token.jti).await?;
    let mut answer = released.ok_or_else(verify::inactive)?.for_userinfo(&token.scope);
    answer.insert("sub".to_owned(), token.sub.into());
    Ok(Response::json(200, &answer))
}
