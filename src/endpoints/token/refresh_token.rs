//! `grant_type=refresh_token` (RFC 6749 §6, RFC 9700 §4.14).

use super::issue::{self, Issuing, TokenResponse};
use super::request::{TokenRequest, required};
use crate::domain::grant::Refresh;
use crate::domain::grant::family::RefreshPolicy;
use crate::domain::machine::Address;
use crate::domain::token::{Token, TokenKind};
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::endpoints::settings::RotationPolicy;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::resource;

pub(super) async fn refresh(
    server: &Server<'_>,
    request: &TokenRequest,
) -> Result<TokenResponse, Failure> {
    let token = required(&request.form, "refresh_token")?;
    let scope = request.scope()?;
    let resources = request.resources(server)?;
    let token = Token::decode(TokenKind::RefreshToken, token).ok_or_else(|| {
        OAuthError::new(ErrorCode::InvalidGrant, "the refresh token was not issued by this server")
    })?;
    let lifetimes = server.settings.lifetimes;
    let policy = RefreshPolicy {
        rotate: request.client.metadata.is_public()
            || server.settings.rotation == RotationPolicy::All,
        window: lifetimes.refresh_window,
        lost_answer: lifetimes.refresh_lost_answer,
        idle: lifetimes.refresh_token_idle,
        access_token: lifetimes.access_token,
    };
    let refresh = Refresh {
        number: token.number,
        secret: token.secret,
        client_id: request.client.client_id.clone(),
        scope: scope.clone(),
        resources: resources.clone(),
        network: request.network.clone(),
        policy,
    };
    let address = Address::Id(token.object.as_str().to_owned());
    let mut issue = server.ask(&address, refresh).await??;
    // OpenID Connect Core §12.2: the nonce was for the first ID token.
    issue.authorization.nonce = None;
    let resources = resource::narrow(&issue.authorization.resources, resources)?;
    let scope = scope.unwrap_or_else(|| issue.authorization.scope.clone());
    let issuing = Issuing { grant: token.object, issue: *issue, scope, resources };
    issue::for_person(server, &(&request.client).into(), issuing).await
}
