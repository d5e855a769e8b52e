//! The published keys (RFC 7517 §5).

use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use crate::protocol::client_metadata::SigningAlgorithm;

/// Serves the keys. A cache may keep them for five minutes; a key that follows another is
/// published for two days before it signs.
///
/// # Errors
/// Only where the key ring cannot be reached.
pub async fn jwks(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    // After a change of the secret, a fresh key signs at once. It must be in the JWKS by then (OpenID Connect Core
    // §10.1), so this asks for a key of every algorithm.
    server.ports.signer.keys(SigningAlgorithm::ES256).await?;
    let keys = server.ports.signer.keys(SigningAlgorithm::RS256).await?;
    let jwks = Response::json(200, &keys.published(server.now()));
    Ok(jwks
        .with("content-type", "application/jwk-set+json")
        .with("cache-control", "public, max-age=300"))
}
