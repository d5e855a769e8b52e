//! Stores private keys that were sealed again.

use serde::{Deserialize, Serialize};

use super::{KeyRing, KeyRingError, KeySet};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The keys, each with the sealed text that it replaces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reseal(pub KeySet);

impl Command for Reseal {
    const NAME: &'static str = "Reseal";
    type Machine = KeyRing;
    type Reply = KeySet;
    type Error = KeyRingError;

    fn decide(self, before: Before<KeyRing>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let mut ring = before.state.unwrap_or_default();
        if ring.reseal(self.0) {
            let (published, keys) = ring.publish(now);
            published.reply(Ok(keys))
        } else {
            Step::unchanged(Ok(ring.set))
        }
    }
}
