//! Keeps the try of a wrong guess spent.

use serde::{Deserialize, Serialize};

use super::{Limit, Spent, Throttle};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, NoError, Step};
use crate::domain::time::Timestamp;

/// The limit that the guess counts against.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keep(pub Limit);

impl Command for Keep {
    const NAME: &'static str = "Keep";
    type Machine = Throttle;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Throttle>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        // If the memory of the guess was lost, count it now.
        let spent = Spent::now(before.state.as_ref(), self.0, now);
        let milli = spent.milli.max(1000);
        Step::written(Spent { milli, ..spent }, Ok(()))
    }
}
