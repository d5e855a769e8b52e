//! The outcome of a refresh.

use serde::{Deserialize, Serialize};

use super::SealedTokens;
use crate::domain::machine::as_array;

/// The outcome of a refresh.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The new tokens.
    pub tokens: Result<SealedTokens, RefreshFailure>,
    /// How often the refresh was sent.
    pub sent: u32,
}

as_array!(Refreshed { tokens, sent });

/// Why a refresh failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefreshFailure {
    /// The provider refused, and would refuse again.
    Refused,
    /// The provider didn't respond, or had an error: it may or may not have performed the refresh.
    Unanswered,
    /// Nothing was sent, or the provider says that it performed nothing.
    NotSent,
    /// Nothing was sent, because the refresh token was sealed with a secret that this deployment doesn't have.
    Unopenable,
}
