//! Spends a try before the result of a guess is known. [`GiveBack`](super::GiveBack) or [`Keep`](super::Keep) follows.

use serde::{Deserialize, Serialize};

use super::limit::add_try;
use super::{Exhausted, Limit, Spent, Throttle};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, Step};
use crate::domain::time::Timestamp;

/// The limit that the guess counts against.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Guess(pub Limit);

impl Command for Guess {
    const NAME: &'static str = "Guess";
    type Machine = Throttle;
    type Reply = ();
    type Error = Exhausted;

    fn decide(self, before: Before<Throttle>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(limit) = self;
        let spent = Spent::now(before.state.as_ref(), limit, now);
        let all = limit.guesses.unwrap_or(u32::MAX);
        let after = add_try(spent.milli, limit.tries, limit.per)
            .and_then(|milli| Ok((milli, add_try(spent.guesses, all, limit.per)?)));
        match after {
            Ok((milli, guesses)) => {
                Step::to(Next::Remembered(Spent { milli, guesses, ..spent }), Ok(()))
            }
            Err(exhausted) => Step::unchanged(Err(exhausted)),
        }
    }
}
