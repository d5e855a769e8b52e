//! The token endpoint (RFC 6749 §3.2): one file for each grant.

mod authorization_code;
mod client_credentials;
mod device_code;
pub mod issue;
mod refresh_token;
mod request;

pub use self::request::required;

use self::request::TokenRequest;
use super::client_authentication::authenticate;
use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use crate::domain::event::Event;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::grant_type::GrantType;

/// Issues tokens.
///
/// # Errors
/// The errors of RFC 6749 §5.2, RFC 8628 §3.5 and RFC 8707 §2.
pub async fn token(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (grant_type, request) =
        read(server, request).await.inspect_err(|failure| log_refusal(server, failure, None))?;
    let client_id = request.client.client_id.clone();
    let tokens = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(server, &request).await,
        GrantType::RefreshToken => refresh_token::refresh(server, &request).await,
        GrantType::ClientCredentials => client_credentials::grant(server, &request).await,
        GrantType::DeviceCode => device_code::poll(server, request).await,
    };
    let tokens = tokens.inspect_err(|failure| log_refusal(server, failure, Some(&client_id)))?;
    Ok(Response::json(200, &tokens).with("pragma", "no-cache"))
}

/// Parses the request and authenticates its client.
async fn read(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<(GrantType, TokenRequest), Failure> {
    let mut form = request.take_form()?;
    let grant_type = required(&form, "grant_type")?;
    let grant_type = GrantType::parse(grant_type).ok_or_else(|| {
        OAuthError::new(
            ErrorCode::UnsupportedGrantType,
            "grant_type must be authorization_code, refresh_token, client_credentials or \
             urn:ietf:params:oauth:grant-type:device_code",
        )
    })?;
    if grant_type == GrantType::DeviceCode {
        // A poll may wait for long, so free the memory of all other parameters.
        form.retain(&["client_id", "client_secret", "device_code"]);
    }
    let client = authenticate(server, request, &form).await?;
    if !client.may_use(grant_type) {
        let description =
            format!("this client is not registered for the grant type {}", grant_type.as_str());
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, description).into());
    }
    let network = match grant_type {
        GrantType::RefreshToken => server.network_of(request),
        _ => String::new(),
    };
    let prefer = request.header("prefer");
    Ok((grant_type, TokenRequest { client, form, prefer, network }))
}

/// Logs that this endpoint refused a request. Refusals by a grant aren't logged here, because the grant records them. A
/// client that has not authenticated isn't named, because anyone can send its ID.
fn log_refusal(server: &Server<'_>, failure: &Failure, client_id: Option<&str>) {
    if let Failure::Caller(error) | Failure::ClientChallenge(error) = failure {
        let event = Event::token_request_refused(error.code);
        server.log_event(client_id.into_iter().fold(event, Event::client));
    }
}
