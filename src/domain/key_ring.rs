//! The signing keys, and when each is published, signs and goes.
//!
//! A key is published before it signs, for longer than any cache of the JWKS lives, and stays
//! published until the last token that it signed has expired. The moments stand in the record, so
//! that every isolate knows by its own clock which key signs now.
//!
//! The public half of a key is kept for longer than it is published, because an expired ID token is still
//! accepted as `id_token_hint` (RP-Initiated Logout §2, OpenID Connect Core §3.1.2.1).

use serde::{Deserialize, Serialize};

use super::entropy::Entropy;
use super::machine::{Before, Class, Effect, Machine, NoRow, Outcome, Step};
use super::time::{Seconds, Timestamp};
use crate::jose::jwk::{Jwk, JwkSet};
use crate::protocol::client_metadata::SigningAlgorithm;

/// How long a key signs.
pub const SIGNS_FOR: Seconds = Seconds(30 * 24 * 60 * 60);
/// How long a key is published before it signs: longer than every cache.
pub const PUBLISHED_BEFORE: Seconds = Seconds(2 * 24 * 60 * 60);
/// How long a key is published after it last signed: longer than any token lives.
pub const PUBLISHED_AFTER: Seconds = Seconds(2 * 24 * 60 * 60);
/// How long the public half of a key is kept after it was published: longer than any session lives, so that an
/// app can end a session with any ID token of that session.
pub const RECOGNIZED_AFTER: Seconds = Seconds(400 * 24 * 60 * 60);
/// A key that is being made and has not come by then is asked for again.
const MAKING: Seconds = Seconds(20);

/// The machine.
#[derive(Debug)]
pub struct KeyRing;

/// A key pair, the private half sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// The public half.
    pub public: Jwk,
    /// The private half as PKCS #8, sealed with the deployment's secret.
    pub sealed_private: String,
}

/// A key and its times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledKey {
    /// The key.
    pub pair: KeyPair,
    /// It signs from here,
    pub signs_from: Timestamp,
    /// to here,
    pub signs_until: Timestamp,
    /// and is published until here.
    pub published_until: Timestamp,
}

/// Every key that is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// The keys, the oldest first.
    pub keys: Vec<ScheduledKey>,
}

impl KeySet {
    /// The key that signs now. Where rotation is late, the last key goes on while it is published.
    pub fn signing_key(&self, alg: SigningAlgorithm, now: Timestamp) -> Option<&KeyPair> {
        let started = |key: &&ScheduledKey| {
            key.pair.public.alg == alg && key.signs_from <= now && now < key.published_until
        };
        self.keys.iter().filter(started).max_by_key(|key| key.signs_from).map(|key| &key.pair)
    }

    /// The public key of that name, if it is published now.
    pub fn find(&self, kid: &str, now: Timestamp) -> Option<&Jwk> {
        self.keys
            .iter()
            .filter(|key| now < key.published_until)
            .map(|key| &key.pair.public)
            .find(|public| public.kid == kid)
    }

    /// What the JWKS endpoint serves now.
    pub fn published(&self, now: Timestamp) -> JwkSet {
        let published = self.keys.iter().filter(|key| now < key.published_until);
        JwkSet { keys: published.map(|key| key.pair.public.clone()).collect() }
    }

    fn newest(&self, alg: SigningAlgorithm) -> Option<&ScheduledKey> {
        self.keys.iter().rfind(|key| key.pair.public.alg == alg)
    }

    fn algorithms(&self) -> Vec<SigningAlgorithm> {
        let known = [SigningAlgorithm::ES256, SigningAlgorithm::RS256];
        known.into_iter().filter(|alg| self.newest(*alg).is_some()).collect()
    }
}

/// A public key that verifies an `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintKey {
    /// The public half.
    pub public: Jwk,
    /// Until when hints that the key signed are accepted.
    pub recognized_until: Timestamp,
}

/// The keys that verify an `id_token_hint`, the oldest first: one for each algorithm and month. A key is added
/// days before it stops being published, so that cached lists have it by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintKeys(pub Vec<HintKey>);

impl HintKeys {
    /// The public key with this `kid`, if hints that it signed are still accepted.
    pub fn find(&self, kid: &str, now: Timestamp) -> Option<&Jwk> {
        let is_it = |key: &&HintKey| key.public.kid == kid && now < key.recognized_until;
        self.0.iter().find(is_it).map(|key| &key.public)
    }
}

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    set: KeySet,
    #[serde(default)]
    hint_keys: HintKeys,
    /// Keys that were asked for and have not come, with the moment when they were.
    making: Vec<(SigningAlgorithm, Timestamp)>,
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum KeyRingCommand {
    /// The keys, among them one that signs with the algorithm: made now where there is none.
    Keys(SigningAlgorithm),
    /// A key was made.
    Made(KeyPair),
    /// Rotate what is due.
    Wake,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum KeyRingError {
    /// The key is being made.
    #[error("the key is being made")]
    Making,
}

impl Ring {
    /// Asks for a key, unless one was asked for a moment ago.
    fn ask(&mut self, alg: SigningAlgorithm, now: Timestamp) -> Option<Effect> {
        self.making.retain(|(_, asked)| now < asked.plus(MAKING));
        if self.making.iter().any(|(making, _)| *making == alg) {
            return None;
        }
        self.making.push((alg, now));
        Some(Effect::GenerateKey(alg))
    }

    /// Takes a key in: it signs at once where it is the first of its algorithm, and otherwise
    /// follows the one that signs.
    fn add(&mut self, pair: KeyPair, now: Timestamp) {
        let alg = pair.public.alg;
        self.making.retain(|(making, _)| *making != alg);
        let follows = self.set.newest(alg).map(|last| last.signs_until);
        let signs_from =
            follows.map_or(now, |previous_ends| previous_ends.max(now.plus(PUBLISHED_BEFORE)));
        if let Some(last) = self.set.keys.iter_mut().rfind(|key| key.pair.public.alg == alg) {
            // Where rotation came late, the key before goes on until its successor signs.
            last.signs_until = signs_from;
            last.published_until = signs_from.plus(PUBLISHED_AFTER);
        }
        let signs_until = signs_from.plus(SIGNS_FOR);
        let published_until = signs_until.plus(PUBLISHED_BEFORE).plus(PUBLISHED_AFTER);
        self.set.keys.push(ScheduledKey { pair, signs_from, signs_until, published_until });
    }

    /// Adds the keys of the set to the hint keys, and removes those that are too old.
    fn update_hint_keys(&mut self, now: Timestamp) -> HintKeys {
        for key in &self.set.keys {
            let public = key.pair.public.clone();
            let recognized_until = key.published_until.plus(RECOGNIZED_AFTER);
            match self.hint_keys.0.iter_mut().find(|held| held.public.kid == public.kid) {
                Some(held) => held.recognized_until = recognized_until,
                None => self.hint_keys.0.push(HintKey { public, recognized_until }),
            }
        }
        self.hint_keys.0.retain(|key| now < key.recognized_until);
        self.hint_keys.clone()
    }

    /// When the next key of an algorithm must be made: before the last one stops signing, by as
    /// long as it must be published first.
    fn due(&self, alg: SigningAlgorithm) -> Option<Timestamp> {
        Some(self.set.newest(alg)?.signs_until.minus(PUBLISHED_BEFORE))
    }
}

impl Machine for KeyRing {
    const CLASS: Class = Class::KeyRing;
    type State = Ring;
    type Row = NoRow;
    type Command = KeyRingCommand;
    type Reply = KeySet;
    type Error = KeyRingError;

    fn step(
        before: Before<Self>,
        command: KeyRingCommand,
        now: Timestamp,
        _: &dyn Entropy,
    ) -> Step<Self> {
        let mut ring = before.state.unwrap_or_default();
        match command {
            KeyRingCommand::Keys(alg) if ring.set.signing_key(alg, now).is_some() => {
                Step::unchanged(Ok(ring.set))
            }
            KeyRingCommand::Keys(alg) => {
                // The first keys are made together: one that signs the moment it is made must be
                // in the key sets that others hold from the first (OpenID Connect Core §10.1).
                let all = [SigningAlgorithm::ES256, SigningAlgorithm::RS256];
                let wanted = if ring.set.keys.is_empty() { all.as_slice() } else { &[alg] };
                let effects: Vec<_> = wanted.iter().filter_map(|alg| ring.ask(*alg, now)).collect();
                if effects.is_empty() {
                    return Step::unchanged(Err(KeyRingError::Making));
                }
                Step::written(ring, Err(KeyRingError::Making)).wants(effects)
            }
            KeyRingCommand::Made(pair) => {
                // An effect may come back twice; a key that nobody waits for any more is left.
                if ring.making.iter().any(|(alg, _)| *alg == pair.public.alg) {
                    ring.add(pair, now);
                }
                let set = ring.set.clone();
                Step::written(ring, Ok(set.clone())).wants([Effect::PublishKeys(set)])
            }
            KeyRingCommand::Wake => {
                let hint_keys = Effect::PublishHintKeys(ring.update_hint_keys(now));
                ring.set.keys.retain(|key| now < key.published_until);
                let due: Vec<_> = ring
                    .set
                    .algorithms()
                    .into_iter()
                    .filter(|alg| ring.due(*alg).is_some_and(|moment| moment <= now))
                    .collect();
                let effects: Vec<_> =
                    due.into_iter().filter_map(|alg| ring.ask(alg, now)).collect();
                let set = ring.set.clone();
                // What is published here is older than the keys that are asked for, so it goes first.
                Step::written(ring, Ok(set.clone()))
                    .wants([hint_keys, Effect::PublishKeys(set)])
                    .wants(effects)
            }
        }
    }

    fn wakes_at(ring: &Ring) -> Option<Timestamp> {
        let rotations = ring.set.algorithms().into_iter().filter_map(|alg| {
            let due = ring.due(alg)?;
            let making = ring.making.iter().find(|(making, _)| *making == alg);
            Some(making.map_or(due, |(_, asked)| due.max(asked.plus(MAKING))))
        });
        let removals = ring.set.keys.iter().map(|key| key.published_until);
        rotations.chain(removals).min()
    }

    fn wake() -> Option<KeyRingCommand> {
        Some(KeyRingCommand::Wake)
    }

    fn outcome(outcome: Outcome) -> Option<KeyRingCommand> {
        match outcome {
            Outcome::KeyGenerated(pair) => Some(KeyRingCommand::Made(pair)),
            _ => None,
        }
    }

    fn awaits_change(reply: &Result<KeySet, KeyRingError>) -> bool {
        matches!(reply, Err(KeyRingError::Making))
    }
}
