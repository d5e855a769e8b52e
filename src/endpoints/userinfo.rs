//! Claims about the person who is signed in (OpenID Connect Core §5.3).

use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use super::verify;
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply};
use crate::domain::machine::Address;
use crate::protocol::claims;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope;

/// Answers with the claims that the token's scopes and the `claims` parameter ask for.
///
/// # Errors
/// As RFC 6750 §3.1 says.
pub async fn userinfo(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let token = verify::bearer(request)?;
    let token = verify::access_token(server, &token).await?.ok_or_else(verify::inactive)?;
    // A token of a client's own is about no person.
    let grant_id = token.grant_id.ok_or_else(verify::inactive)?;
    if !token.scope.contains(scope::OPENID) || !token.aud.contains(&server.issuer) {
        let error = OAuthError::new(ErrorCode::InsufficientScope, "the scope openid is needed");
        return Err(Failure::Bearer(error));
    }
    let address = Address::Id(token.sub.clone());
    let command = AccountCommand::UserInfo { grant_id, jti: token.jti };
    match server.send::<Account>(&address, command).await? {
        Ok(AccountReply::UserInfo { claims, request, scope }) => {
            // What the person took back meanwhile is not told, whatever the token says.
            let granted = token.scope.intersection(&scope);
            let wanted = |claim: &str| {
                claims::in_scope(claim, &granted)
                    || request.userinfo.iter().any(|name| name == claim)
            };
            let mut answer = claims.select(wanted);
            answer.insert("sub".to_owned(), token.sub.into());
            Ok(Response::json(200, &answer))
        }
        Ok(_) => Err(Failure::internal("userinfo was answered by something else")),
        Err(AccountError::NoGrant | AccountError::Unknown) => Err(verify::inactive()),
        Err(error) => Err(error.into()),
    }
}
