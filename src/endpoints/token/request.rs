//! The parts of a token request that all grant types share.

use crate::domain::client::Client;
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::protocol::resource;
use crate::protocol::scope::Scope;

/// A token request whose client is authenticated.
pub(super) struct TokenRequest {
    pub client: Client,
    pub form: Parameters,
    /// The `Prefer` header, for the device code grant.
    pub prefer: Option<String>,
    /// The client's network, which only the refresh token grant compares; empty for other grant types.
    pub network: String,
}

impl TokenRequest {
    /// The requested resources (RFC 8707 §2).
    pub fn resources(&self, server: &Server<'_>) -> Result<Vec<String>, Failure> {
        Ok(resource::parse(self.form.all("resource"), &server.settings.resources)?)
    }

    /// The requested scopes.
    pub fn scope(&self) -> Result<Option<Scope>, Failure> {
        Ok(self.form.get("scope").map(Scope::parse).transpose()?)
    }
}

/// A required parameter.
///
/// # Errors
/// `invalid_request`, which names the missing parameter.
pub fn required<'a>(form: &'a Parameters, name: &str) -> Result<&'a str, Failure> {
    form.get(name).ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")).into())
}
