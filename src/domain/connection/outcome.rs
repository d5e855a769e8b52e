//! What came of a refresh.

use serde::{Deserialize, Serialize};

use super::SealedTokens;
use crate::domain::machine::as_array;

/// What came of a refresh.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The new tokens.
    pub tokens: Result<SealedTokens, RefreshFailure>,
    /// How often the refresh was sent.
    pub sent: u32,
}

as_array!(Refreshed { tokens, sent });

/// Why a refresh brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefreshFailure {
    /// The provider refused, and will again.
    Refused,
    /// The provider did not answer, or could not: nobody knows whether it took the refresh.
    Unanswered,
    /// Nothing was sent, or the provider says that it took nothing.
    NotSent,
    /// Nothing was sent, because the refresh token was sealed with a secret that this deployment doesn't have.
    Unopenable,
}
