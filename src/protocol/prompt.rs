//! `prompt` (OpenID Connect Core §3.1.2.1, Initiating User Registration 1.0).

use serde::{Deserialize, Serialize};

/// A `prompt` that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// A value that no specification defines.
    #[error("prompt must be none, or any of login, consent, select_account and create")]
    Unknown,
    /// `none` excludes all other values.
    #[error("prompt=none cannot be combined with another value")]
    NoneWithOthers,
}

/// The requested interactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The user must sign in again.
    pub login: bool,
    /// The user must be asked for consent again.
    pub consent: bool,
    /// The user must choose an account.
    pub select_account: bool,
    /// The user wants to create an account.
    pub create: bool,
}

impl Prompt {
    /// The values that the metadata announces.
    pub const SUPPORTED: [&'static str; 5] =
        ["none", "login", "consent", "select_account", "create"];

    /// Parses the space-delimited value.
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
