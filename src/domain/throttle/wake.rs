//! The alarm: deletes the state once all tries have refilled.

use serde::{Deserialize, Serialize};

use super::Throttle;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, NoError, Step};
use crate::domain::time::Timestamp;

/// The command of the alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wake;

impl Command for Wake {
    const NAME: &'static str = "Wake";
    type Machine = Throttle;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Throttle>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(spent) if now < spent.as_of.plus(spent.per) => Step::unchanged(Ok(())),
            Some(_) | None => Step::to(Next::Forgotten, Ok(())),
        }
    }
}
