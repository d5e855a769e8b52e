//! Tokens that a provider signed: the signature, by the keys that it publishes.

use super::error::UpstreamError;
use super::metadata::document;
use crate::jose::jws::{Unverified, UpstreamHeader};
use crate::jose::upstream_jwk;
use crate::ports::Ports;
use crate::protocol::provider_metadata::ProviderMetadata;

/// Verifies the signature of a token of the provider, and hands it on for its claims to be read. A
/// key that is not among those held has the set fetched again, as often as the object that keeps it
/// allows.
///
/// # Errors
/// [`UpstreamError::Signature`], and what fetching the keys comes to.
pub async fn verify<'t>(
    ports: &Ports<'_>,
    metadata: &ProviderMetadata,
    token: &'t str,
) -> Result<Unverified<'t, UpstreamHeader>, UpstreamError> {
    let unverified = Unverified::<UpstreamHeader>::parse(token)
        .map_err(|_| UpstreamError::Nonsense("a token that is not signed as it must be"))?;
    let address = metadata
        .jwks_uri
        .as_deref()
        .ok_or(UpstreamError::Nonsense("metadata without a jwks_uri"))?;
    if unverified.header.crit.is_some() {
        return Err(UpstreamError::Signature);
    }
    if holds(ports, &document(ports, address, false).await?, &unverified).await? {
        return Ok(unverified);
    }
    if holds(ports, &document(ports, address, true).await?, &unverified).await? {
        return Ok(unverified);
    }
    Err(UpstreamError::Signature)
}

/// How many keys are tried for a token that does not name its own.
const MAX_TRIES: usize = 4;

async fn holds(
    ports: &Ports<'_>,
    keys: &str,
    token: &Unverified<'_, UpstreamHeader>,
) -> Result<bool, UpstreamError> {
    let UpstreamHeader { alg, kid, .. } = &token.header;
    let keys = upstream_jwk::candidates(keys, *alg, kid.as_deref())
        .ok_or(UpstreamError::Nonsense("a key set that cannot be read"))?;
    for key in keys.iter().take(MAX_TRIES) {
        let input = token.signing_input.as_bytes();
        if ports.signer.verify_upstream(key, *alg, input, &token.signature).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
