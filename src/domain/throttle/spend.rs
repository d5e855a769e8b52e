//! Spends a try that can't be returned.

use serde::{Deserialize, Serialize};

use super::limit::add_try;
use super::{Exhausted, Limit, Spent, Throttle};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The limit that the try counts against.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spend(pub Limit);

impl Command for Spend {
    const NAME: &'static str = "Spend";
    type Machine = Throttle;
    type Reply = ();
    type Error = Exhausted;

    fn decide(self, before: Before<Throttle>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(limit) = self;
        let spent = Spent::now(before.state.as_ref(), limit, now);
        match add_try(spent.milli, limit.tries, limit.per) {
            Ok(milli) => Step::written(Spent { milli, ..spent }, Ok(())),
            Err(exhausted) => Step::unchanged(Err(exhausted)),
        }
    }
}
