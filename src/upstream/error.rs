//! Errors of upstream providers.

use super::provider::Provider;
use crate::domain::http::HttpError;
use crate::jose::upstream_id_token::IdTokenError;
use crate::ports::{Ports, Unavailable};
use crate::protocol::foreign_json::ForeignJsonError;
use crate::protocol::provider_metadata::ProviderMetadataError;

/// Why a provider's response can't be had or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// There is no usable response.
    #[error("the provider failed: {0}")]
    Http(#[from] HttpError),
    /// Its metadata can't be used.
    #[error(transparent)]
    Metadata(#[from] ProviderMetadataError),
    /// Its response breaks the protocol.
    #[error("the provider's answer cannot be read: {0}")]
    Nonsense(&'static str),
    /// A document of the provider isn't a JSON object, or a member that is needed can't be used.
    #[error("the provider's {0} cannot be used: {1}")]
    Unusable(&'static str, ForeignJsonError),
    /// It refused with an error code, of RFC 6749 §5.2 or its own.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The signature of its token doesn't verify.
    #[error("the signature of the provider's token does not verify")]
    Signature,
    /// Its ID token breaks a rule of OpenID Connect Core §3.1.3.7.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// The userinfo response is about another user (OpenID Connect Core §5.3.2).
    #[error("the userinfo response is about another user than the ID token")]
    OtherSubject,
    /// Something of this server failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Logs which members of a document have an unexpected form. Logs only names, because a value may be personal
/// data.
pub fn log_odd(ports: &Ports<'_>, provider: &Provider, document: &str, odd: &[&'static str]) {
    if !odd.is_empty() {
        ports.log.error(&format!(
            "the provider {}: its {document} has members in an unexpected form: {}",
            provider.id,
            odd.join(", ")
        ));
    }
}
