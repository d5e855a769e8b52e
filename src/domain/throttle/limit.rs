//! A limit on tries.

use serde::{Deserialize, Serialize};

use crate::domain::time::Seconds;

/// How many tries are allowed in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The number of tries.
    pub tries: u32,
    /// The time in which all tries refill.
    pub per: Seconds,
    /// How many guesses are allowed in that time, including right ones, because each costs CPU time; `None` for no
    /// limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guesses: Option<u32>,
}

/// No try is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("too many tries; try again in {retry_after:?}")]
pub struct Exhausted {
    /// Seconds until the next try.
    pub retry_after: Seconds,
}

/// Adds a try to the spent ones (`milli`), and returns the sum, both in thousandths of a try.
///
/// # Errors
/// [`Exhausted`], if the sum is more than `tries`.
pub(super) fn add_try(milli: u64, tries: u32, per: Seconds) -> Result<u64, Exhausted> {
    let allowed = u64::from(tries).saturating_mul(1000);
    let after = milli.saturating_add(1000);
    if after <= allowed {
        return Ok(after);
    }
    let wait = after.saturating_sub(allowed).saturating_mul(per.0.into());
    let seconds = wait.div_ceil(allowed.max(1)).max(1);
    Err(Exhausted { retry_after: Seconds(u32::try_from(seconds).unwrap_or(u32::MAX)) })
}
