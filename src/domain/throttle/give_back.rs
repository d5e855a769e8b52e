//! Returns the try of a guess that was right.

use serde::{Deserialize, Serialize};

use super::{Limit, Spent, Throttle};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, NoError, Step};
use crate::domain::time::Timestamp;

/// The limit that the guess counted against.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GiveBack(pub Limit);

impl Command for GiveBack {
    const NAME: &'static str = "GiveBack";
    type Machine = Throttle;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Throttle>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let spent = Spent::now(before.state.as_ref(), self.0, now);
        let milli = spent.milli.saturating_sub(1000);
        Step::to(Next::Remembered(Spent { milli, ..spent }), Ok(()))
    }
}
