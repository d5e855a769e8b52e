//! Verifies the signature of a provider's token with the keys that the provider publishes.

use super::error::{UpstreamError, log_odd};
use super::metadata::document;
use super::provider::Provider;
use crate::jose::foreign_key::{self, ForeignKey};
use crate::jose::jws::{ForeignHeader, Unverified};
use crate::ports::Ports;
use crate::protocol::provider_metadata::ProviderMetadata;

/// Verifies the signature of a provider's token and returns the token, so that its claims can be read. If no stored key
/// fits, the keys are fetched again, as often as their `Document` object allows.
///
/// # Errors
/// [`UpstreamError::Signature`], or why the keys can't be fetched.
pub async fn verify<'t>(
    ports: &Ports<'_>,
    provider: &Provider,
    metadata: &ProviderMetadata,
    token: &'t str,
) -> Result<Unverified<'t, ForeignHeader>, UpstreamError> {
    let unverified = Unverified::<ForeignHeader>::parse(token)
        .map_err(|_| UpstreamError::Nonsense("a token that is not signed as it must be"))?;
    let address = metadata
        .jwks_uri
        .as_deref()
        .ok_or(UpstreamError::Nonsense("metadata without a jwks_uri"))?;
    if unverified.header.has_crit {
        return Err(UpstreamError::Signature);
    }
    let mut odd = Vec::new();
    let mut holds = false;
    for outdated in [false, true] {
        let keys = document(ports, address, outdated).await?;
        let ForeignHeader { alg, kid, .. } = &unverified.header;
        let candidates = foreign_key::candidates(&keys, *alg, kid.as_deref())
            .map_err(|_| UpstreamError::Nonsense("a key set that cannot be read"))?;
        odd = candidates.odd;
        holds = verifies(ports, &candidates.keys, &unverified).await?;
        if holds {
            break;
        }
    }
    log_odd(ports, provider, "keys", &odd);
    if holds { Ok(unverified) } else { Err(UpstreamError::Signature) }
}

/// How many keys are tried for a token without a `kid`.
const MAX_TRIES: usize = 4;

/// Whether one of the keys verifies the signature.
async fn verifies(
    ports: &Ports<'_>,
    keys: &[ForeignKey],
    token: &Unverified<'_, ForeignHeader>,
) -> Result<bool, UpstreamError> {
    let input = token.signing_input.as_bytes();
    for key in keys.iter().take(MAX_TRIES) {
        if ports.signer.verify_foreign(key, input, &token.signature).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
