//! The metadata of a provider: from its discovery document, or from the settings.

use super::endpoints::Endpoints;
use super::error::UpstreamError;
use super::provider::Provider;
use crate::domain::document::{Read, ReadError};
use crate::domain::machine::Address;
use crate::domain::time::Seconds;
use crate::ports::{self, Ports};
use crate::protocol::provider_metadata::ProviderMetadata;
use crate::tenant::ObjectName;

/// How long a caller waits for a document that is being fetched.
const PATIENCE: Seconds = Seconds(8);

/// The metadata of a provider.
///
/// # Errors
/// [`UpstreamError`], if the document can't be fetched or used.
pub async fn metadata(
    ports: &Ports<'_>,
    provider: &Provider,
) -> Result<ProviderMetadata, UpstreamError> {
    match &provider.endpoints {
        Endpoints::Discovery(address) => {
            let text = document(ports, address, false).await?;
            Ok(ProviderMetadata::parse(&text, &provider.issuer)?)
        }
        Endpoints::Configured(plain) => {
            let revocation = plain.revocation_endpoint.as_ref();
            Ok(ProviderMetadata {
                issuer: provider.issuer.clone(),
                authorization_endpoint: plain.authorization_endpoint.clone(),
                token_endpoint: plain.token_endpoint.clone(),
                userinfo_endpoint: Some(plain.userinfo_endpoint.clone()),
                revocation_endpoint: revocation
                    .map(|address| address.replace("{client_id}", &provider.client_id)),
                ..ProviderMetadata::default()
            })
        }
    }
}

/// A document of another server, from the object that stores it. `outdated`: the stored copy lacks something, so it is
/// fetched again.
///
/// # Errors
/// [`UpstreamError::Http`], if it can't be fetched.
pub async fn document(
    ports: &Ports<'_>,
    url: &str,
    outdated: bool,
) -> Result<String, UpstreamError> {
    let address = Address::Name(ObjectName::document(url));
    let command = Read { url: url.to_owned(), outdated };
    match ports::send(ports, &address, command, PATIENCE).await? {
        Ok(text) => Ok(text),
        Err(ReadError::Unavailable(error)) => Err(error.into()),
        Err(ReadError::Pending) => Err(crate::domain::http::HttpError::Timeout.into()),
    }
}
