//! The alarm: rotates and removes keys.

use serde::{Deserialize, Serialize};

use super::{KeyRing, KeyRingError, KeySet};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The command of the alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wake;

impl Command for Wake {
    const NAME: &'static str = "Wake";
    type Machine = KeyRing;
    type Reply = KeySet;
    type Error = KeyRingError;

    fn decide(self, before: Before<KeyRing>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let mut ring = before.state.unwrap_or_default();
        ring.update_hint_keys(now);
        ring.set.keys.retain(|key| now < key.published_until);
        for key in &mut ring.set.keys {
            key.pair.superseded.take_if(|superseded| superseded.until <= now);
        }
        let due: Vec<_> = ring
            .set
            .algorithms()
            .into_iter()
            .filter(|alg| ring.due(*alg).is_some_and(|moment| moment <= now))
            .collect();
        let effects: Vec<_> = due.into_iter().filter_map(|alg| ring.ask(alg, now)).collect();
        // Publish first: the published keys are older than those that are requested here.
        let (published, keys) = ring.publish(now);
        published.wants(effects).reply(Ok(keys))
    }
}
