//! Settings errors, which keep the server from starting.

use super::names::Misspelt;
use crate::pages::brand::BrandError;
use crate::upstream::provider::ProviderError;

/// A setting that is refused. The server doesn't start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A value that isn't allowed.
    #[error("{name} is {value:?} but must be {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What was expected.
        expected: String,
    },
    /// The secret is missing, and this is no local development.
    #[error(
        "VESTIBULE_SECRET is missing; restore your copy with `make deploy SECRET=FILE`, or see \
         SECURITY.md if you have none"
    )]
    NoSecret,
    /// A secret that could be guessed.
    #[error(
        "VESTIBULE_SECRET must have at least 32 characters, such as `openssl rand -hex 32` gives"
    )]
    WeakSecret,
    /// A previous secret that could be guessed.
    #[error("VESTIBULE_SECRET_PREVIOUS must have at least 32 characters")]
    WeakPreviousSecret,
    /// A previous secret that is the current one.
    #[error(
        "VESTIBULE_SECRET_PREVIOUS is the same as VESTIBULE_SECRET; set it to the secret that \
         VESTIBULE_SECRET replaces, or remove it"
    )]
    SameSecret,
    /// Registration needs a token, and there is none.
    #[error(
        "REGISTRATION is \"token\", so REGISTRATION_TOKEN must be a secret of 32 characters or more"
    )]
    NoRegistrationToken,
    /// An entry without a fingerprint. It would verify the app even after any change.
    #[error(
        "VERIFIED_CLIENTS has the entry {0:?}; write client_id=fingerprint, the line that the \
         app's page under /developers and the response to its registration show"
    )]
    VerifiedClient(String),
    /// A word that is neither an address nor a domain, such as `yes`.
    #[error(
        "DEVELOPERS has the entry {0:?}; write off, everyone, or addresses and @domains separated by \
         spaces"
    )]
    Developer(String),
    /// A misspelled name.
    #[error(transparent)]
    Name(#[from] Misspelt),
    /// A brand setting.
    #[error(transparent)]
    Brand(#[from] BrandError),
    /// A resource.
    #[error("RESOURCES must be URIs separated by spaces, or a list of resources: {0}")]
    Resources(String),
    /// An upstream provider.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}
