//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4 and §3.5), with
//! `Prefer: wait` (RFC 7240 §4.3): the answer is held until the person decides.

use super::issue::{self, Issuing, Recipient, TokenResponse};
use super::{TokenRequest, required, terms};
use crate::domain::grant::device_response::Poll;
use crate::domain::grant::{GrantCommand, GrantReply};
use crate::domain::machine::Address;
use crate::domain::time::Seconds;
use crate::domain::token::{Token, TokenKind};
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::prefer;

pub(super) async fn poll(
    server: &Server<'_>,
    request: TokenRequest,
) -> Result<TokenResponse, Failure> {
    let (code, poll) = read(server, &request)?;
    let recipient = Recipient::from(&request.client);
    let wait = prefer::wait(request.prefer.as_deref());
    let hold = Seconds(if server.ports.objects.can_hold() { wait } else { 0 });
    // Thousands may wait here: neither the form nor the client's metadata does.
    drop(request);
    let address = Address::Id(code.object.as_str().to_owned());
    let issue = match server.wait(&address, poll, hold).await?? {
        GrantReply::Issue(issue) => issue,
        _ => return Err(Failure::internal("a poll was answered by something else")),
    };
    let (scope, resources) =
        (issue.authorization.scope.clone(), issue.authorization.resources.clone());
    let issuing = Issuing { grant: code.object, issue: *issue, scope, resources };
    issue::for_person(server, &recipient, issuing).await
}

/// The device code of the request, and the command that asks for its tokens.
fn read(server: &Server<'_>, request: &TokenRequest) -> Result<(Token, GrantCommand), Failure> {
    let code = required(&request.form, "device_code")?;
    let code = Token::decode(TokenKind::DeviceCode, code).ok_or_else(|| {
        OAuthError::new(ErrorCode::InvalidGrant, "the device code was not issued by this server")
    })?;
    let poll = Poll {
        secret: code.secret.clone(),
        client_id: request.client.client_id.clone(),
        terms: terms(server, &request.client),
        lost_answer: server.settings.lifetimes.device_lost_answer,
    };
    Ok((code, GrantCommand::Poll(poll)))
}
