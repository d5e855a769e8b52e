//! The JSON Web Key Set (RFC 7517 §5).

use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use crate::protocol::client_metadata::SigningAlgorithm;

/// Serves the keys. Caches may keep them for five minutes. In a planned rotation, a key is published two days before it
/// signs.
///
/// # Errors
/// Only if the key ring can't be reached.
pub async fn jwks(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    // After the secret changed, a new key signs at once. The JWKS must contain it by then (OpenID Connect Core §10.1),
    // so this asks for the keys of every algorithm.
    server.ports.signer.keys(SigningAlgorithm::ES256).await?;
    let keys = server.ports.signer.keys(SigningAlgorithm::RS256).await?;
    let jwks = Response::json(200, &keys.published(server.now()));
    Ok(jwks
        .with("content-type", "application/jwk-set+json")
        .with("cache-control", "public, max-age=300"))
}
