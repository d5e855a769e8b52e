//! The alarm: deletes what has expired.

use serde::{Deserialize, Serialize};

use super::{Identifier, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Next, NoError, Step};
use crate::domain::time::Timestamp;

/// The command of the alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wake;

impl Command for Wake {
    const NAME: &'static str = "Wake";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Identifier;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match Owner::as_of(before.state, now) {
            Some(Owner::Nobody(attempts)) => match attempts.forgotten_at() {
                Some(moment) if now < moment => Step::unchanged(Ok(())),
                Some(_) | None => Step::to(Next::Forgotten, Ok(())),
            },
            Some(Owner::Claimed { .. } | Owner::Lent { .. } | Owner::Owned { .. }) => {
                Step::unchanged(Ok(()))
            }
            None => Step::to(Next::Forgotten, Ok(())),
        }
    }
}
