//! Takes a key that the ring asked for.

use serde::{Deserialize, Serialize};

use super::{KeyPair, KeyRing, KeyRingError, KeySet};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The new key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made(pub KeyPair);

impl Command for Made {
    const NAME: &'static str = "Made";
    type Machine = KeyRing;
    type Reply = KeySet;
    type Error = KeyRingError;

    fn decide(self, before: Before<KeyRing>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(pair) = self;
        let mut ring = before.state.unwrap_or_default();
        // An effect may be performed twice; a key that the ring no longer waits for is ignored.
        if ring.making.iter().any(|(alg, _)| *alg == pair.public.alg) {
            ring.add(pair, now);
        }
        let (published, keys) = ring.publish(now);
        published.reply(Ok(keys))
    }
}
