//! The published keys in one isolate, which may not have the secrets to open all of them.

use super::{KeyPair, KeySet, Replace, Reseal, SUPERSEDED_FOR, SupersededSeal};
use crate::domain::entropy::{self, Entropy};
use crate::domain::time::Timestamp;
use crate::jose::jwk::{Jwk, JwkSet};
use crate::jose::seal::{Opened, SealError, Sealer};
use crate::protocol::client_metadata::SigningAlgorithm;
use crate::tenant::Purpose;

/// The published keys, and which of them this isolate can open.
#[derive(Debug)]
pub struct OpenedKeys {
    set: KeySet,
    /// The `kid` of each key that can't be opened.
    closed: Vec<String>,
    /// The `kid` of each key that was sealed with the previous secret and must be sealed again.
    outdated: Vec<String>,
}

impl OpenedKeys {
    /// Tries to open each key with the secrets.
    pub fn new(set: KeySet, sealer: &Sealer) -> Self {
        let (mut closed, mut outdated) = (Vec::new(), Vec::new());
        for pair in set.keys.iter().map(|key| &key.pair) {
            match pair.open(sealer) {
                Ok(opened) if opened.is_outdated => outdated.push(pair.public.kid.clone()),
                Ok(_) => {}
                Err(_) => closed.push(pair.public.kid.clone()),
            }
        }
        Self { set, closed, outdated }
    }

    /// The signing key among those that can be opened; see [`KeySet::signing_key`].
    pub fn signing_key(&self, alg: SigningAlgorithm, now: Timestamp) -> Option<&KeyPair> {
        let can_open = |pair: &KeyPair| !self.closed.contains(&pair.public.kid);
        self.set.signing_key(alg, now, can_open).map(|key| &key.pair)
    }

    /// The public key with this `kid`, if it is published now.
    pub fn find(&self, kid: &str, now: Timestamp) -> Option<&Jwk> {
        self.set.find(kid, now)
    }

    /// The JWKS that is served now.
    pub fn published(&self, now: Timestamp) -> JwkSet {
        self.set.published(now)
    }

    /// The command that adds a new key to the ring, for an isolate that can't open any key that may sign.
    pub fn replacement(&self, pair: KeyPair) -> Replace {
        Replace { unusable: self.closed.clone(), pair }
    }

    /// The command that stores the outdated keys sealed with the current secret; `None` if there are none.
    pub fn reseal(&self, sealer: &Sealer, now: Timestamp, entropy: &dyn Entropy) -> Option<Reseal> {
        if self.outdated.is_empty() {
            return None;
        }
        let mut set = self.set.clone();
        set.keys.retain(|key| self.outdated.contains(&key.pair.public.kid));
        for pair in set.keys.iter_mut().map(|key| &mut key.pair) {
            let private = pair.open(sealer).ok()?.plain;
            let nonce = entropy::bytes(entropy);
            let resealed = sealer.seal(Purpose::SigningKey, &private, nonce).ok()?;
            let sealed_private = std::mem::replace(&mut pair.sealed_private, resealed);
            let until = now.plus(SUPERSEDED_FOR);
            pair.superseded = Some(SupersededSeal { sealed_private, until });
        }
        Some(Reseal(set))
    }
}

impl KeyPair {
    /// Opens the private half (PKCS #8), with the current secret if possible.
    ///
    /// # Errors
    /// [`SealError::Refused`], if it was sealed with another secret.
    pub fn open(&self, sealer: &Sealer) -> Result<Opened, SealError> {
        let superseded = self.superseded.as_ref().map(|superseded| &superseded.sealed_private);
        let seals = std::iter::once(&self.sealed_private).chain(superseded);
        let opened = seals.filter_map(|seal| sealer.open_stored(Purpose::SigningKey, seal).ok());
        opened.min_by_key(|opened| opened.is_outdated).ok_or(SealError::Refused)
    }
}
