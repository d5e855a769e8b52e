//! `grant_type=authorization_code` (RFC 6749 §4.1.3, OAuth 2.1 §4.1.3, RFC 7636 §4.5).

use super::issue::{self, Issuing, TokenResponse};
use super::request::{TokenRequest, required};
use crate::domain::grant::Redeem;
use crate::domain::machine::Address;
use crate::domain::token::{Token, TokenKind};
use crate::endpoints::client_policy::{is_excused_from_pkce, terms};
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::resource;

pub(super) async fn redeem(
    server: &Server<'_>,
    request: &TokenRequest,
) -> Result<TokenResponse, Failure> {
    let code = required(&request.form, "code")?;
    let verifier = request.form.get("code_verifier").map(CodeVerifier::parse).transpose()?;
    let resources = request.resources(server)?;
    let code = Token::decode(TokenKind::AuthorizationCode, code).ok_or_else(|| {
        OAuthError::new(ErrorCode::InvalidGrant, "the code was not issued by this server")
    })?;
    let redeem = Redeem {
        code: code.secret,
        client_id: request.client.client_id.clone(),
        redirect_uri: request.form.get("redirect_uri").map(String::from),
        code_verifier: verifier,
        needs_pkce: !is_excused_from_pkce(server, &request.client),
        resources: resources.clone(),
        terms: terms(server, &request.client),
    };
    let address = Address::Id(code.object.to_string());
    let issue = server.ask(&address, redeem).await??;
    let resources = resource::narrow(&issue.authorization.resources, resources)?;
    let scope = issue.authorization.scope.clone();
    let issuing = Issuing { grant: code.object, issue: *issue, scope, resources };
    issue::for_person(server, &(&request.client).into(), issuing).await
}
