//! The metadata (RFC 8414 §3, OpenID Connect Discovery §4).

use super::http::Response;
use super::server::Server;
use super::settings::RegistrationPolicy;
use crate::protocol::server_metadata::ServerMetadata;

/// Serves the metadata at both well-known addresses.
pub fn metadata(server: &Server<'_>) -> Response {
    let registers = server.settings.registration != RegistrationPolicy::Off;
    Response::json(200, &ServerMetadata::new(&server.issuer, registers))
        .with("cache-control", "public, max-age=300")
}
