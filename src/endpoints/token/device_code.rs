//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4 and §3.5). With `Prefer: wait` (RFC 7240
//! §4.3), the response is held until the user decides.

use super::issue::{self, Issuing, Recipient, TokenResponse};
use super::request::{TokenRequest, required};
use crate::domain::grant::Poll;
use crate::domain::machine::Address;
use crate::domain::time::Seconds;
use crate::domain::token::{Token, TokenKind};
use crate::endpoints::client_policy::terms;
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
    // Thousands of polls may wait here, so free the form and the client's metadata.
    drop(request);
    let address = Address::Id(code.object.as_str().to_owned());
    let issue = server.wait(&address, poll, hold).await??;
    let (scope, resources) =
        (issue.authorization.scope.clone(), issue.authorization.resources.clone());
    let issuing = Issuing { grant: code.object, issue: *issue, scope, resources };
    issue::for_person(server, &recipient, issuing).await
}

/// Reads the device code of the request, and makes the poll for its tokens.
fn read(server: &Server<'_>, request: &TokenRequest) -> Result<(Token, Poll), Failure> {
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
    Ok((code, poll))
}
