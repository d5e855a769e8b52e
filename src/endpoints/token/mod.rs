//! The token endpoint (RFC 6749 §3.2): one file for each grant.

mod authorization_code;
mod client_credentials;
mod device_code;
pub mod issue;
mod refresh_token;

use super::client_authentication::authenticate;
use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use crate::domain::client::Client;
use crate::domain::grant::Terms;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::grant_type::GrantType;
use crate::protocol::parameters::Parameters;
use crate::protocol::resource;
use crate::protocol::scope::{self, Scope};

/// A request to the token endpoint, its client authenticated.
struct TokenRequest {
    client: Client,
    form: Parameters,
    /// `Prefer`, for the grant that waits.
    prefer: Option<String>,
    /// The client's network, which only the refresh token grant compares; empty for other grant types.
    network: String,
}

/// Issues tokens.
///
/// # Errors
/// As RFC 6749 §5.2, RFC 8628 §3.5 and RFC 8707 §2 say.
pub async fn token(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
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
        // Whoever polls may wait: whatever else was sent takes no memory meanwhile.
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
    let request = TokenRequest { client, form, prefer: request.header("prefer"), network };
    let tokens = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(server, &request).await?,
        GrantType::RefreshToken => refresh_token::refresh(server, &request).await?,
        GrantType::ClientCredentials => client_credentials::grant(server, &request).await?,
        GrantType::DeviceCode => device_code::poll(server, request).await?,
    };
    Ok(Response::json(200, &tokens).with("pragma", "no-cache"))
}

/// A parameter that must be there.
///
/// # Errors
/// `invalid_request`, which names it.
pub fn required<'a>(form: &'a Parameters, name: &str) -> Result<&'a str, Failure> {
    form.get(name).ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")).into())
}

impl TokenRequest {
    /// The resources asked for (RFC 8707 §2).
    fn resources(&self, server: &Server<'_>) -> Result<Vec<String>, Failure> {
        Ok(resource::parse(self.form.all("resource"), &server.settings.resources)?)
    }

    /// The scopes asked for.
    fn scope(&self) -> Result<Option<Scope>, Failure> {
        Ok(self.form.get("scope").map(Scope::parse).transpose()?)
    }
}

/// Whether a grant brings a refresh token: the client registered for it, and the person either
/// granted access while away (OpenID Connect Core §11) or the refresh token ends with the session.
pub fn terms(server: &Server<'_>, client: &Client) -> Terms {
    let lifetimes = server.settings.lifetimes;
    let refreshes = client.may_use(GrantType::RefreshToken);
    Terms {
        access_token: lifetimes.access_token,
        refresh_idle: refreshes.then_some(lifetimes.refresh_token_idle),
        grant: lifetimes.grant,
    }
}

/// What of the scopes asked for this client may have: those that it registered, and
/// `offline_access` only where it can refresh.
pub fn allowed_scope(client: &Client, asked: &Scope) -> Scope {
    let refreshes = client.may_use(GrantType::RefreshToken);
    asked
        .intersection(&client.metadata.scope)
        .filter(|token| token != scope::OFFLINE_ACCESS || refreshes)
}
