//! Adds a key that signs immediately, for a caller that can't open any key that may sign. Ignored if the ring has
//! another key that may sign, or if too many keys were added recently.

use super::{KeyPair, KeyRing, KeyRingError, KeySet};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step, as_array};
use crate::domain::time::Timestamp;

/// The new key, and the keys that the caller can't open.
#[derive(Clone, Debug)]
pub struct Replace {
    /// The `kid` of each key that the caller can't open.
    pub unusable: Vec<String>,
    /// The new key.
    pub pair: KeyPair,
}

as_array!(Replace { unusable, pair });

impl Command for Replace {
    const NAME: &'static str = "Replace";
    type Machine = KeyRing;
    type Reply = KeySet;
    type Error = KeyRingError;

    fn decide(self, before: Before<KeyRing>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let mut ring = before.state.unwrap_or_default();
        // A key that is removed to make room stays a hint key.
        ring.update_hint_keys(now);
        if ring.replace(&self.unusable, self.pair, now) {
            let (published, keys) = ring.publish(now);
            published.reply(Ok(keys))
        } else {
            Step::unchanged(Ok(ring.set))
        }
    }
}
