//! A limit on guessing from one place: so many tries in a window, refilled as time passes.
//!
//! A guess is spent before its result is known, so that guesses made in parallel count like guesses
//! made one after the other. It is given back where it was right and written where it was wrong:
//! most are right, and cost no row.

mod give_back;
mod guess;
mod keep;
mod spend;
mod wake;

pub use self::give_back::GiveBack;
pub use self::guess::Guess;
pub use self::keep::Keep;
pub use self::spend::Spend;
pub use self::wake::Wake;

use serde::{Deserialize, Serialize};

use super::machine::{Class, Machine, NoRow, Nothing, Receive, commands};
use super::time::{Seconds, Timestamp};

/// How many tries in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The tries.
    pub tries: u32,
    /// The span in which they refill.
    pub per: Seconds,
    /// How many guesses are allowed in that span, right ones included, because each costs CPU time;
    /// `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guesses: Option<u32>,
}

/// The machine.
#[derive(Debug)]
pub struct Throttle;

/// The tries spent, as of a moment; they flow back evenly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Spent tries, in thousandths.
    milli: u64,
    /// Spent guesses, right ones included, in thousandths. Kept in memory only: if the count is lost, only
    /// CPU time is at stake.
    #[serde(default)]
    guesses: u64,
    as_of: Timestamp,
    per: Seconds,
}

/// No try is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("too many tries; try again in {retry_after:?}")]
pub struct Exhausted {
    /// How long until the next try, in seconds.
    pub retry_after: Seconds,
}

impl Spent {
    /// How much of `milli` (thousandths of a try, as of `as_of`) is still spent at `now`. Tries come back
    /// evenly over the span of the limit.
    fn at(milli: u64, as_of: Timestamp, limit: Limit, now: Timestamp) -> u64 {
        let elapsed = u64::try_from(now.0.saturating_sub(as_of.0)).unwrap_or(0);
        let span = u64::from(limit.per.0).saturating_mul(1000);
        let flows = elapsed.saturating_mul(u64::from(limit.tries)).saturating_mul(1000);
        // A span of no time holds nothing back.
        let back = flows.checked_div(span).unwrap_or(u64::MAX);
        milli.saturating_sub(back)
    }

    /// The state as of now.
    fn now(state: Option<&Self>, limit: Limit, now: Timestamp) -> Self {
        let all = Limit { tries: limit.guesses.unwrap_or(limit.tries), ..limit };
        let spent = |milli: fn(&Self) -> u64, limit| {
            state.map_or(0, |held| Self::at(milli(held), held.as_of, limit, now))
        };
        let (milli, guesses) = (spent(|held| held.milli, limit), spent(|held| held.guesses, all));
        Self { milli, guesses, as_of: now, per: limit.per }
    }
}

/// What is spent after another try, in thousandths.
///
/// # Errors
/// [`Exhausted`], if that is more than `tries`.
fn add_try(milli: u64, tries: u32, per: Seconds) -> Result<u64, Exhausted> {
    let allowed = u64::from(tries).saturating_mul(1000);
    let after = milli.saturating_add(1000);
    if after <= allowed {
        return Ok(after);
    }
    let wait = after.saturating_sub(allowed).saturating_mul(per.0.into());
    let seconds = wait.div_ceil(allowed.max(1)).max(1);
    Err(Exhausted { retry_after: Seconds(u32::try_from(seconds).unwrap_or(u32::MAX)) })
}

impl Machine for Throttle {
    const CLASS: Class = Class::Throttle;
    type State = Spent;
    type Row = NoRow;
    type Wants = Nothing;

    commands![Spend, Guess, GiveBack, Keep, Wake];

    fn wakes_at(state: &Spent) -> Option<Timestamp> {
        Some(state.as_of.plus(state.per))
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }
}
