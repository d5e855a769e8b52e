//! The signing keys, and when each is published, signs and goes.
//!
//! A key is published before it signs, for longer than any cache of the JWKS lives, and stays
//! published until the last token that it signed has expired. These times are published with the key,
//! so that every isolate knows by its own clock which key signs now. A clock that is set back can't leave a ring without
//! a key that signs ([`KeySet::signing_key`]), nor make it add keys: it asks for one only if it has none that is usable,
//! or if the last one ends soon.
//!
//! The public half of a key is kept for longer than it is published, because an expired ID token is still
//! accepted as `id_token_hint` (RP-Initiated Logout §2, OpenID Connect Core §3.1.2.1).
//!
//! The ring has no secret. Whoever signs opens the keys ([`OpenedKeys`]), seals them anew while the secret is being
//! replaced, and sends the ring a new key if it can open none.

mod opened;
mod ring;
mod set;

pub use self::opened::OpenedKeys;
pub use self::ring::Ring;
pub use self::set::{HintKey, HintKeys, KeyPair, KeySet, ScheduledKey, SupersededSeal};

use serde::{Deserialize, Serialize};

use super::entropy::Entropy;
use super::machine::{Before, Class, Command, Machine, NoRow, OneCommand, Receive, Step, Wants};
use super::time::{Seconds, Timestamp};
use crate::protocol::client_metadata::SigningAlgorithm;

/// How long a key signs.
pub const SIGNS_FOR: Seconds = Seconds(30 * 24 * 60 * 60);
/// How long a key is published before it signs: longer than every cache.
pub const PUBLISHED_BEFORE: Seconds = Seconds(2 * 24 * 60 * 60);
/// How long a key is published after it last signed: longer than any token lives.
pub const PUBLISHED_AFTER: Seconds = Seconds(2 * 24 * 60 * 60);
/// How long a token lives at most (`ACCESS_TOKEN_LIFETIME`, `ID_TOKEN_LIFETIME`).
pub const TOKENS_LIVE: Seconds = Seconds(24 * 60 * 60);
/// How long the public half of a key is kept after it was published: longer than any session lives, so that an
/// app can end a session with any ID token of that session.
pub const RECOGNIZED_AFTER: Seconds = Seconds(400 * 24 * 60 * 60);
/// How long the previous seal of a private key is kept: longer than isolates with different secrets run side by side.
pub const SUPERSEDED_FOR: Seconds = Seconds(24 * 60 * 60);
/// How long an isolate keeps the keys that it has read: far shorter than a key is published before it signs.
pub const CACHED_FOR: Seconds = Seconds(10 * 60);
/// The most keys of one algorithm that are published. Rotation needs three. There are more only if deployments keep
/// changing the secret; then the oldest key is removed.
pub const MAX_KEYS: usize = 8;

/// The machine.
#[derive(Debug)]
pub struct KeyRing;

/// A command to the ring.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum KeyRingCommand {
    /// Returns the keys, among them one that signs with the algorithm. It is made now if there is none.
    Keys(SigningAlgorithm),
    /// Adds a key that the ring asked for.
    Made(KeyPair),
    /// Adds a key that signs at once, from a caller that can't open the keys with these `kid`. Ignored if the ring has
    /// another key that may sign, or if too many keys were added a moment ago.
    Replace(Vec<String>, KeyPair),
    /// Stores private keys that were sealed anew, each with the seal that it replaces.
    Reseal(KeySet),
    /// Rotates and removes keys that are due.
    Wake,
}

/// What the ring wants from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyRingWants {
    /// Make a key pair; the private half comes back sealed.
    GenerateKey(SigningAlgorithm),
    /// Write the keys where every isolate reads them.
    PublishKeys(KeySet),
    /// Write the public keys that verify an `id_token_hint` where every isolate reads them.
    PublishHintKeys(HintKeys),
}

impl Wants for KeyRingWants {
    type Outcome = KeyPair;

    fn has_outcome(&self) -> bool {
        matches!(self, Self::GenerateKey(_))
    }

    fn replaces(&self, earlier: &Self) -> bool {
        matches!(
            (self, earlier),
            (Self::PublishKeys(_), Self::PublishKeys(_))
                | (Self::PublishHintKeys(_), Self::PublishHintKeys(_))
        )
    }
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum KeyRingError {
    /// The key is being made.
    #[error("the key is being made")]
    Making,
}

impl Machine for KeyRing {
    const CLASS: Class = Class::KeyRing;
    type State = Ring;
    type Row = NoRow;
    type Wants = KeyRingWants;

    fn receive<R: Receive<Self>>(
        command: &str,
        receiver: R,
    ) -> Result<R::Output, serde_json::Error> {
        Ok(receiver.receive(serde_json::from_str::<KeyRingCommand>(command)?))
    }

    fn wakes_at(ring: &Ring) -> Option<Timestamp> {
        ring.wakes_at()
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(KeyRingCommand::Wake))
    }

    fn outcome<R: Receive<Self>>(pair: KeyPair, receiver: R) -> Option<R::Output> {
        Some(receiver.receive(KeyRingCommand::Made(pair)))
    }
}

impl OneCommand for KeyRing {
    type Command = KeyRingCommand;
}

impl Command for KeyRingCommand {
    const NAME: &'static str = "";
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
    type Machine = KeyRing;
    type Reply = KeySet;
    type Error = KeyRingError;

    fn decide(self, before: Before<KeyRing>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let command = self;
        let mut ring = before.state.unwrap_or_default();
        match command {
            KeyRingCommand::Keys(alg) if ring.set.usable(alg, now).next().is_some() => {
                // Only a caller that doesn't find the keys in KV asks, so they are published again.
                if ring.was_just_published(now) {
                    Step::unchanged(Ok(ring.set))
                } else {
                    ring.publish(now)
                }
            }
            KeyRingCommand::Keys(alg) => {
                // The first keys of all algorithms are made together: each signs at once, so it must
                // be in the first JWKS that anyone caches (OpenID Connect Core §10.1).
                let all = [SigningAlgorithm::ES256, SigningAlgorithm::RS256];
                let wanted = if ring.set.keys.is_empty() { all.as_slice() } else { &[alg] };
                let effects: Vec<_> = wanted.iter().filter_map(|alg| ring.ask(*alg, now)).collect();
                if effects.is_empty() {
                    return Step::unchanged(Err(KeyRingError::Making));
                }
                Step::written(ring, Err(KeyRingError::Making)).wants(effects)
            }
            KeyRingCommand::Made(pair) => {
                // An effect may be performed twice; a key that the ring no longer waits for is ignored.
                if ring.making.iter().any(|(alg, _)| *alg == pair.public.alg) {
                    ring.add(pair, now);
                }
                ring.publish(now)
            }
            KeyRingCommand::Replace(unusable, pair) => {
                // A key that is removed to make room stays a hint key.
                ring.update_hint_keys(now);
                if ring.replace(&unusable, pair, now) {
                    ring.publish(now)
                } else {
                    Step::unchanged(Ok(ring.set))
                }
            }
            KeyRingCommand::Reseal(resealed) => {
                if ring.reseal(resealed) {
                    ring.publish(now)
                } else {
                    Step::unchanged(Ok(ring.set))
                }
            }
            KeyRingCommand::Wake => {
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
                let effects: Vec<_> =
                    due.into_iter().filter_map(|alg| ring.ask(alg, now)).collect();
                // What is published here is older than the keys that are asked for, so it goes first.
                ring.publish(now).wants(effects)
            }
        }
    }

    fn awaits_change(reply: &Result<KeySet, KeyRingError>) -> bool {
        matches!(reply, Err(KeyRingError::Making))
    }
}
