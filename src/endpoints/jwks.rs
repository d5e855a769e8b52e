//! The published keys (RFC 7517 §5).

use super::failure::Failure;
use super::http::Response;
use super::server::Server;
use crate::protocol::client_metadata::SigningAlgorithm;

/// Serves the keys. A cache may keep them for five minutes; a key that follows another is
/// published for two days before it signs.
///
/// # Errors
/// Only where the key ring cannot be reached.
pub async fn jwks(server: &Server<'_>) -> Result<Response, Failure> {
    // A key that signs at once, because the secret has changed, must be here before anyone looks for it (OpenID
    // Connect Core §10.1). So this asks for every algorithm.
    server.ports.signer.keys(SigningAlgorithm::ES256).await?;
    let keys = server.ports.signer.keys(SigningAlgorithm::RS256).await?;
    let jwks = Response::json(200, &keys.published(server.now()));
    Ok(jwks
        .with("content-type", "application/jwk-set+json")
        .with("cache-control", "public, max-age=300"))
}
