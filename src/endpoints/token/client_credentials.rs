//! `grant_type=client_credentials` (RFC 6749 §4.4): no user, no refresh token, no storage.

use super::issue::{self, TokenResponse};
use super::request::TokenRequest;
use crate::domain::event::Event;
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::grant_type::GrantType;
use crate::protocol::scope;

pub(super) async fn grant(
    server: &Server<'_>,
    request: &TokenRequest,
) -> Result<TokenResponse, Failure> {
    // OpenID Connect's scopes are about a user, so they don't apply here.
    let own = request.client.metadata.scope.filter(|token| !scope::STANDARD.contains(&token));
    let scope = request.scope()?.unwrap_or_else(|| own.clone());
    if !own.covers(&scope) {
        let description = "the scope exceeds what this client registered for itself";
        return Err(OAuthError::new(ErrorCode::InvalidScope, description).into());
    }
    let resources = request.resources(server)?;
    let client_id = &request.client.client_id;
    let event = Event::tokens_issued(GrantType::ClientCredentials, client_id, &scope);
    let tokens = issue::for_client(server, &(&request.client).into(), scope, resources).await?;
    server.log_event(event);
    Ok(tokens)
}
