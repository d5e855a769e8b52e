//! `grant_type=authorization_code` (RFC 6749 §4.1.3, OAuth 2.1 §4.1.3, RFC 7636 §4.5).

use super::issue::{self, Issuing, TokenResponse};
use super::request::{TokenRequest, required};
use crate::domain::grant::code::CodeRedemption;
use crate::domain::grant::{Grant, GrantCommand, GrantReply};
use crate::domain::machine::Address;
use crate::domain::token::ObjectId;
use crate::endpoints::client_policy::{is_excused_from_pkce, terms};
use crate::endpoints::code;
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
    let unknown =
        || OAuthError::new(ErrorCode::InvalidGrant, "the code was not issued by this server");
    let code = code::open(server, code).ok_or_else(unknown)?;
    // The client may have become one that must use PKCE since it asked for the code.
    if code.code_challenge.is_none() && !is_excused_from_pkce(server, &request.client) {
        let description = "the code has no code_challenge, which this client must use";
        return Err(OAuthError::new(ErrorCode::InvalidGrant, description).into());
    }
    let grant = ObjectId::parse(&code.authorization.grant_id).ok_or_else(unknown)?;
    let command = GrantCommand::Redeem(Box::new(CodeRedemption {
        code,
        client_id: request.client.client_id.clone(),
        redirect_uri: request.form.get("redirect_uri").map(String::from),
        code_verifier: verifier,
        resources: resources.clone(),
        terms: terms(server, &request.client),
    }));
    let address = Address::Id(grant.as_str().to_owned());
    let issue = match server.send::<Grant>(&address, command).await?? {
        GrantReply::Issue(issue) => issue,
        _ => return Err(Failure::internal("a redemption was answered by something else")),
    };
    let resources = resource::narrow(&issue.authorization.resources, resources)?;
    let scope = issue.authorization.scope.clone();
    let issuing = Issuing { grant, issue: *issue, scope, resources };
    issue::for_person(server, &(&request.client).into(), issuing).await
}
