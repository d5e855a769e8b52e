//! Reads the keys. Creates a key for the requested algorithm if there is none.

use serde::{Deserialize, Serialize};

use super::{KeyRing, KeyRingError, KeySet};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;
use crate::protocol::client_metadata::SigningAlgorithm;

/// Asks for the keys, including one that signs with this algorithm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keys(pub SigningAlgorithm);

impl Command for Keys {
    const NAME: &'static str = "Keys";
    type Machine = KeyRing;
    type Reply = KeySet;
    type Error = KeyRingError;

    fn decide(self, before: Before<KeyRing>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(alg) = self;
        let mut ring = before.state.unwrap_or_default();
        if ring.set.usable(alg, now).next().is_some() {
            // Only a caller that doesn't find the keys in KV asks, so they are published again.
            if ring.was_just_published(now) {
                return Step::unchanged(Ok(ring.set));
            }
            let (published, keys) = ring.publish(now);
            return published.reply(Ok(keys));
        }
        // The first keys of all algorithms are created together: each signs immediately, so it must be in the first
        // JWKS that anyone caches (OpenID Connect Core §10.1).
        let all = [SigningAlgorithm::ES256, SigningAlgorithm::RS256];
        let wanted = if ring.set.keys.is_empty() { all.as_slice() } else { &[alg] };
        let effects: Vec<_> = wanted.iter().filter_map(|alg| ring.ask(*alg, now)).collect();
        if effects.is_empty() {
            return Step::unchanged(Err(KeyRingError::Making));
        }
        Step::written(ring, Err(KeyRingError::Making)).wants(effects)
    }

    fn awaits_change(reply: &Result<KeySet, KeyRingError>) -> bool {
        matches!(reply, Err(KeyRingError::Making))
    }
}
