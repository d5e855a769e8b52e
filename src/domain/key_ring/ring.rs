//! The state of the key ring, and how keys are added to it.

use serde::{Deserialize, Serialize};

use super::set::{HintKey, HintKeys, KeyPair, KeySet, ScheduledKey};
use super::times::{CACHED_FOR, PUBLISHED_AFTER, PUBLISHED_BEFORE, RECOGNIZED_AFTER, SIGNS_FOR};
use super::wants::KeyRingWants;
use crate::domain::machine::{Change, Effect, EffectOf};
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::client_metadata::SigningAlgorithm;

/// The most keys of one algorithm that are published. Rotation needs three. There are more only if deployments keep
/// changing the secret; then the oldest key is removed.
pub const MAX_KEYS: usize = 8;
/// How long the ring waits for a key that it asked for before it asks again.
const MAKING: Seconds = Seconds(20);
/// How many hint keys are kept. Rotation needs 32 in 400 days.
const MAX_HINT_KEYS: usize = 100;
/// How long published keys may be missing in KV, which caches a miss for up to a minute and accepts one write per
/// second and name. A caller that still misses them later makes the ring publish them again.
const FOUND_IN_KV: Seconds = Seconds(60);

/// The machine.
#[derive(Debug)]
pub struct KeyRing;

/// The state of the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    pub(super) set: KeySet,
    #[serde(default)]
    hint_keys: HintKeys,
    /// Keys that the ring asked for and hasn't received yet, with the time of the request.
    pub(super) making: Vec<(SigningAlgorithm, Timestamp)>,
    /// When the keys were last published under the ring's ID. `None` after an upgrade from a version that published
    /// them without it.
    #[serde(default)]
    published_at: Option<Timestamp>,
}

impl Ring {
    /// Asks for a key, unless one was requested recently.
    pub(super) fn ask(
        &mut self,
        alg: SigningAlgorithm,
        now: Timestamp,
    ) -> Option<EffectOf<KeyRing>> {
        self.making.retain(|(_, asked)| now < asked.plus(MAKING));
        if self.making.iter().any(|(making, _)| *making == alg) {
            return None;
        }
        self.making.push((alg, now));
        Some(Effect::Own(KeyRingWants::GenerateKey(alg)))
    }

    /// Adds a key. It signs after the last one, or immediately if no key may sign.
    pub(super) fn add(&mut self, pair: KeyPair, now: Timestamp) {
        let alg = pair.public.alg;
        self.making.retain(|(making, _)| *making != alg);
        let mut signs_from = now;
        if self.set.usable(alg, now).next().is_some()
            && let Some(last) = self.set.keys.iter_mut().rfind(|key| key.pair.public.alg == alg)
        {
            signs_from = last.signs_until.max(now.plus(PUBLISHED_BEFORE));
            // If rotation is late, the last key signs until its successor does.
            last.signs_until = signs_from;
            last.published_until = signs_from.plus(PUBLISHED_AFTER);
        }
        self.schedule(pair, signs_from);
    }

    /// Adds a key. If its algorithm has too many, the oldest one is removed.
    fn schedule(&mut self, pair: KeyPair, signs_from: Timestamp) {
        let signs_until = signs_from.plus(SIGNS_FOR);
        let published_until = signs_until.plus(PUBLISHED_BEFORE).plus(PUBLISHED_AFTER);
        let alg = pair.public.alg;
        self.set.keys.push(ScheduledKey { pair, signs_from, signs_until, published_until });
        let is_of_alg = |key: &ScheduledKey| key.pair.public.alg == alg;
        let mut too_many =
            self.set.keys.iter().filter(|key| is_of_alg(key)).count().saturating_sub(MAX_KEYS);
        self.set.keys.retain(|key| {
            let goes = too_many > 0 && is_of_alg(key);
            too_many = too_many.saturating_sub(usize::from(goes));
            !goes
        });
    }

    /// Adds the key of a caller that can't open any key that may sign. Returns false if there is a key that may sign
    /// and that the caller doesn't know, or if there is no room. The other keys stay: their tokens must verify, and an
    /// isolate that can open them continues to sign with them.
    pub(super) fn replace(&mut self, unusable: &[String], pair: KeyPair, now: Timestamp) -> bool {
        let alg = pair.public.alg;
        let is_unknown = |key: &ScheduledKey| !unusable.contains(&key.pair.public.kid);
        if self.set.usable(alg, now).any(is_unknown) || !self.has_room(alg, now) {
            return false;
        }
        // A key that is still being created may be sealed with the other secret.
        self.making.retain(|(making, _)| *making != alg);
        self.schedule(pair, now);
        true
    }

    /// Whether a key of the algorithm can be added that signs immediately. No key is removed while an isolate may still
    /// sign with a cached copy. So at most [`MAX_KEYS`] are added in that time, even if the clock stands still.
    fn has_room(&self, alg: SigningAlgorithm, now: Timestamp) -> bool {
        let is_new = |key: &&ScheduledKey| {
            key.pair.public.alg == alg && now.is_within(CACHED_FOR, key.signs_from)
        };
        self.set.keys.iter().filter(is_new).count() < MAX_KEYS
    }

    /// Stores keys that were sealed again. If a sealed text has changed in the meantime, it stays. Returns whether
    /// anything changed.
    pub(super) fn reseal(&mut self, resealed: KeySet) -> bool {
        let mut has_changed = false;
        for new in resealed.keys.into_iter().map(|key| key.pair) {
            let replaces = |pair: &&mut KeyPair| {
                let superseded = new.superseded.as_ref().map(|seal| &seal.sealed_private);
                pair.public.kid == new.public.kid && superseded == Some(&pair.sealed_private)
            };
            let mut pairs = self.set.keys.iter_mut().map(|key| &mut key.pair);
            if let Some(pair) = pairs.find(replaces) {
                *pair = new;
                has_changed = true;
            }
        }
        has_changed
    }

    /// Writes the ring and publishes the hint keys before the keys, because a key must be a hint key before it is
    /// removed from the JWKS. Also returns the keys, which are the reply of every command.
    pub(super) fn publish(mut self, now: Timestamp) -> (Change<KeyRing>, KeySet) {
        self.published_at = Some(now);
        self.update_hint_keys(now);
        let hint_keys = Effect::Own(KeyRingWants::PublishHintKeys(self.hint_keys.clone()));
        let set = self.set.clone();
        let keys = Effect::Own(KeyRingWants::PublishKeys(set.clone()));
        (Change::written(self).wants([hint_keys, keys]), set)
    }

    /// Whether the keys were published so recently that KV may not return them yet.
    pub(super) fn was_just_published(&self, now: Timestamp) -> bool {
        self.published_at.is_some_and(|at| now < at.plus(FOUND_IN_KV))
    }

    /// Adds the keys of the set to the hint keys, and removes hint keys that are too old.
    pub(super) fn update_hint_keys(&mut self, now: Timestamp) {
        for key in &self.set.keys {
            let public = key.pair.public.clone();
            let recognized_until = key.published_until.plus(RECOGNIZED_AFTER);
            match self.hint_keys.0.iter_mut().find(|held| held.public.kid == public.kid) {
                Some(held) => held.recognized_until = recognized_until,
                None => self.hint_keys.0.push(HintKey { public, recognized_until }),
            }
        }
        self.hint_keys.0.retain(|key| now < key.recognized_until);
        let too_many = self.hint_keys.0.len().saturating_sub(MAX_HINT_KEYS);
        self.hint_keys.0.drain(..too_many);
    }

    /// When the next key of an algorithm must be created: early enough to be published for [`PUBLISHED_BEFORE`] before
    /// the last key stops signing.
    pub(super) fn due(&self, alg: SigningAlgorithm) -> Option<Timestamp> {
        Some(self.set.newest(alg)?.signs_until.minus(PUBLISHED_BEFORE))
    }

    /// The next time at which a key must be created, a key leaves the JWKS, or a superseded sealed text is removed.
    pub(super) fn wakes_at(&self) -> Option<Timestamp> {
        let rotations = self.set.algorithms().into_iter().filter_map(|alg| {
            let due = self.due(alg)?;
            let making = self.making.iter().find(|(making, _)| *making == alg);
            Some(making.map_or(due, |(_, asked)| due.max(asked.plus(MAKING))))
        });
        let removals = self.set.keys.iter().map(|key| key.published_until);
        let superseded = self.set.keys.iter().filter_map(|key| key.pair.superseded.as_ref());
        rotations.chain(removals).chain(superseded.map(|superseded| superseded.until)).min()
    }
}
