//! `prompt` (OpenID Connect Core §3.1.2.1, Initiating User Registration 1.0).

use serde::{Deserialize, Serialize};

/// A `prompt` that cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// A value that no specification has.
    #[error("prompt knows none, login, consent, select_account and create")]
    Unknown,
    /// `none` must stand alone.
    #[error("prompt=none cannot be joined with another value")]
    NoneWithOthers,
}

/// Which interactions the client asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The person must sign in again.
    pub login: bool,
    /// The person must be asked for consent again.
    pub consent: bool,
    /// The person must choose an account.
    pub select_account: bool,
    /// The person wants to register.
    pub create: bool,
}

impl Prompt {
    /// The values that the metadata announces.
    pub const SUPPORTED: [&'static str; 5] =
        ["none", "login", "consent", "select_account", "create"];

    /// Reads the space-delimited value.
    ///
    /// # Errors
    /// See [`PromptError`].
    pub fn parse(value: &str) -> Result<Self, PromptError> {
        let mut prompt = Self::default();
        let mut count = 0_usize;
        for word in value.split(' ').filter(|word| !word.is_empty()) {
            count = count.saturating_add(1);
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                "create" => prompt.create = true,
                _ => return Err(PromptError::Unknown),
            }
        }
        if prompt.none && count > 1 {
            return Err(PromptError::NoneWithOthers);
        }
        Ok(prompt)
    }
}
