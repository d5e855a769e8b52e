//! Authorization server metadata (RFC 8414 §3, OpenID Connect Discovery §4).

use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use super::settings::RegistrationPolicy;
use crate::protocol::server_metadata::ServerMetadata;

/// Serves the metadata at both well-known URLs.
///
/// # Errors
/// None.
pub async fn metadata(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    let registers = server.settings.registration != RegistrationPolicy::Off;
    let response = Response::json(200, &ServerMetadata::new(&server.issuer, registers));
    Ok(response.with("cache-control", "public, max-age=300"))
}
