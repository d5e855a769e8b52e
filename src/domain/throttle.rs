//! A limit on guessing from one place: so many tries in a window, refilled as time passes.
//!
//! A guess is spent before its result is known, so that guesses made in parallel count like guesses
//! made one after the other. It is given back where it was right and written where it was wrong:
//! most are right, and cost no row.

use serde::{Deserialize, Serialize};

use super::entropy::Entropy;
use super::machine::{
    Before, Class, Command, Machine, Next, NoRow, Nothing, OneCommand, Receive, Step,
};
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

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ThrottleCommand {
    /// Spend a try for good.
    Spend(Limit),
    /// Spend a try whose result is not known yet.
    Guess(Limit),
    /// The guess was right: give the try back.
    GiveBack(Limit),
    /// The guess was wrong: the try stays spent.
    Keep(Limit),
    /// Forget what has flowed back.
    Wake,
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

/// What is spent after another try.
fn spend(milli: u64, tries: u32, per: Seconds) -> Result<u64, Exhausted> {
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

    fn receive<R: Receive<Self>>(
        command: &str,
        receiver: R,
    ) -> Result<R::Output, serde_json::Error> {
        Ok(receiver.receive(serde_json::from_str::<ThrottleCommand>(command)?))
    }

    fn wakes_at(state: &Spent) -> Option<Timestamp> {
        Some(state.as_of.plus(state.per))
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(ThrottleCommand::Wake))
    }
}

impl OneCommand for Throttle {
    type Command = ThrottleCommand;
}

impl Command for ThrottleCommand {
    const NAME: &'static str = "";
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
    type Machine = Throttle;
    type Reply = ();
    type Error = Exhausted;

    fn decide(self, before: Before<Throttle>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let command = self;
        let spent = |limit| Spent::now(before.state.as_ref(), limit, now);
        match command {
            ThrottleCommand::Spend(limit) => {
                let spent = spent(limit);
                match spend(spent.milli, limit.tries, limit.per) {
                    Ok(milli) => Step::written(Spent { milli, ..spent }, Ok(())),
                    Err(exhausted) => Step::unchanged(Err(exhausted)),
                }
            }
            ThrottleCommand::Guess(limit) => {
                let spent = spent(limit);
                let all = limit.guesses.unwrap_or(u32::MAX);
                let after = spend(spent.milli, limit.tries, limit.per)
                    .and_then(|milli| Ok((milli, spend(spent.guesses, all, limit.per)?)));
                match after {
                    Ok((milli, guesses)) => {
                        Step::to(Next::Remembered(Spent { milli, guesses, ..spent }), Ok(()))
                    }
                    Err(exhausted) => Step::unchanged(Err(exhausted)),
                }
            }
            ThrottleCommand::GiveBack(limit) => {
                let spent = spent(limit);
                let milli = spent.milli.saturating_sub(1000);
                Step::to(Next::Remembered(Spent { milli, ..spent }), Ok(()))
            }
            ThrottleCommand::Keep(limit) => {
                // Where the memory of the guess was lost, it is counted now.
                let spent = spent(limit);
                let milli = spent.milli.max(1000);
                Step::written(Spent { milli, ..spent }, Ok(()))
            }
            ThrottleCommand::Wake => match before.state {
                Some(spent) if now < spent.as_of.plus(spent.per) => Step::unchanged(Ok(())),
                _ => Step::to(Next::Forgotten, Ok(())),
            },
        }
    }
}
