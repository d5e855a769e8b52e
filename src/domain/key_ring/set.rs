//! The published keys, and the keys that verify only an `id_token_hint`.

use serde::{Deserialize, Serialize};

use super::times::TOKENS_LIVE;
use crate::domain::time::Timestamp;
use crate::jose::jwk::{Jwk, JwkSet};
use crate::protocol::client_metadata::SigningAlgorithm;

/// A key pair with a sealed private half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// The public half.
    pub public: Jwk,
    /// The private half as PKCS #8, sealed with the deployment's secret.
    pub sealed_private: String,
    /// The previous sealed text of the private half, for isolates that don't have the newer secret yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<SupersededSeal>,
}

/// The previous sealed text of a private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupersededSeal {
    /// The private half as PKCS #8, sealed with an earlier secret.
    pub sealed_private: String,
    /// When it is removed.
    pub until: Timestamp,
}

/// A key and the times of its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledKey {
    /// The key.
    pub pair: KeyPair,
    /// When it starts to sign.
    pub signs_from: Timestamp,
    /// When it stops signing.
    pub signs_until: Timestamp,
    /// When it is removed from the JWKS.
    pub published_until: Timestamp,
}

/// All published keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// The keys, the oldest first.
    pub keys: Vec<ScheduledKey>,
}

impl KeySet {
    /// The keys whose tokens stay verifiable until they expire, including keys that don't sign yet. If rotation is
    /// late, a key may sign beyond `signs_until`.
    pub fn usable(
        &self,
        alg: SigningAlgorithm,
        now: Timestamp,
    ) -> impl Iterator<Item = &ScheduledKey> {
        self.keys.iter().filter(move |key| {
            key.pair.public.alg == alg && now < key.published_until.minus(TOKENS_LIVE)
        })
    }

    /// The signing key among those that can be opened: the one that started last. If none has started, the one that
    /// starts first signs already, because its tokens verify. That happens if the clock was set back after the first
    /// key was created. A new key wouldn't help: the clock may be set back again.
    pub fn signing_key(
        &self,
        alg: SigningAlgorithm,
        now: Timestamp,
        can_open: impl Fn(&KeyPair) -> bool,
    ) -> Option<&ScheduledKey> {
        let usable = || self.usable(alg, now).filter(|key| can_open(&key.pair));
        let started = usable().filter(|key| key.signs_from <= now);
        started
            .max_by_key(|key| key.signs_from)
            .or_else(|| usable().min_by_key(|key| key.signs_from))
    }

    /// The public key with this `kid`, if it is published now.
    pub fn find(&self, kid: &str, now: Timestamp) -> Option<&Jwk> {
        self.keys
            .iter()
            .filter(|key| now < key.published_until)
            .map(|key| &key.pair.public)
            .find(|public| public.kid == kid)
    }

    /// The JWKS that is served now.
    pub fn published(&self, now: Timestamp) -> JwkSet {
        let published = self.keys.iter().filter(|key| now < key.published_until);
        JwkSet { keys: published.map(|key| key.pair.public.clone()).collect() }
    }

    pub(super) fn newest(&self, alg: SigningAlgorithm) -> Option<&ScheduledKey> {
        self.keys.iter().rfind(|key| key.pair.public.alg == alg)
    }

    pub(super) fn algorithms(&self) -> Vec<SigningAlgorithm> {
        let known = [SigningAlgorithm::ES256, SigningAlgorithm::RS256];
        known.into_iter().filter(|alg| self.newest(*alg).is_some()).collect()
    }
}

/// A public key that verifies an `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintKey {
    /// The public half.
    pub public: Jwk,
    /// Until when an `id_token_hint` that the key signed is accepted.
    pub recognized_until: Timestamp,
}

/// The keys that verify an `id_token_hint`, the oldest first: one for each algorithm and month. A key is added
/// days before it stops being published, so that cached lists have it by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintKeys(pub Vec<HintKey>);

impl HintKeys {
    /// The public key with this `kid`, if an `id_token_hint` that it signed is still accepted.
    pub fn find(&self, kid: &str, now: Timestamp) -> Option<&Jwk> {
        let is_it = |key: &&HintKey| key.public.kid == kid && now < key.recognized_until;
        self.0.iter().find(is_it).map(|key| &key.public)
    }
}
