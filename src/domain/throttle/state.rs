//! The spent tries.

use serde::{Deserialize, Serialize};

use super::Limit;
use crate::domain::time::{Seconds, Timestamp};

/// The machine.
#[derive(Debug)]
pub struct Throttle;

/// The spent tries at a point in time. They refill evenly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Spent tries, in thousandths.
    pub(super) milli: u64,
    /// Spent guesses, including right ones, in thousandths. Kept only in memory: if the count is lost, that costs only
    /// CPU time.
    #[serde(default)]
    pub(super) guesses: u64,
    pub(super) as_of: Timestamp,
    pub(super) per: Seconds,
}

impl Spent {
    /// How much of `milli` (thousandths of a try, as of `as_of`) is still spent at `now`. Tries come back
    /// evenly over the span of the limit.
    fn at(milli: u64, as_of: Timestamp, limit: Limit, now: Timestamp) -> u64 {
        let elapsed = u64::try_from(now.0.saturating_sub(as_of.0)).unwrap_or(0);
        let span = u64::from(limit.per.0).saturating_mul(1000);
        let flows = elapsed.saturating_mul(u64::from(limit.tries)).saturating_mul(1000);
        // A limit over no time refills everything.
        let back = flows.checked_div(span).unwrap_or(u64::MAX);
        milli.saturating_sub(back)
    }

    /// The state at `now`.
    pub(super) fn now(state: Option<&Self>, limit: Limit, now: Timestamp) -> Self {
        let all = Limit { tries: limit.guesses.unwrap_or(limit.tries), ..limit };
        let spent = |milli: fn(&Self) -> u64, limit| {
            state.map_or(0, |held| Self::at(milli(held), held.as_of, limit, now))
        };
        let (milli, guesses) = (spent(|held| held.milli, limit), spent(|held| held.guesses, all));
        Self { milli, guesses, as_of: now, per: limit.per }
    }
}
