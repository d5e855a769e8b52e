//! The signing keys as an isolate uses them: from its memory, from the published list, or from the key ring
//! (`domain/key_ring/`).

mod cache;
mod outside;

pub use self::cache::KeyCache;
pub use self::outside::{KeyCrypto, KeyList, KeyLists};

use std::rc::Rc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use self::cache::Maker;
use crate::domain::entropy::{self, Entropy};
use crate::domain::key_ring::{CACHED_FOR, HintKeys, KeyPair, KeySet, Keys, OpenedKeys};
use crate::domain::machine::{Address, Class, Command, message};
use crate::domain::stored;
use crate::domain::time::{Seconds, Timestamp};
use crate::jose::jwk::Jwk;
use crate::jose::seal::Sealer;
use crate::ports::{Clock, Log, Objects, Timer, Unavailable};
use crate::protocol::client_metadata::SigningAlgorithm;
use crate::tenant::{ObjectName, Purpose};

/// How long an isolate remembers that no hint keys are published, for instance after an upgrade. KV caches a miss for
/// as long.
const NO_HINT_KEYS: Seconds = Seconds(60);
/// How long a request waits for the ring to create the first key of an algorithm.
const MAKING: Seconds = Seconds(20);
/// The interval at which a request checks whether another one has created a key, in milliseconds.
const LOOK_AGAIN: i64 = 50;
/// How many times it checks before it takes over: 20 seconds in total. It counts checks, because the clock may be set
/// back.
const MAX_LOOKS: u32 = 400;

/// What one request needs to use the signing keys.
pub struct SigningKeys<'a> {
    /// The time.
    pub clock: &'a dyn Clock,
    /// The timer.
    pub timer: &'a dyn Timer,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// The objects, including the key ring.
    pub objects: &'a dyn Objects,
    /// The log.
    pub log: &'a dyn Log,
    /// The published lists of keys.
    pub lists: &'a dyn KeyLists,
    /// Creates and uses keys.
    pub crypto: &'a dyn KeyCrypto,
    /// Opens and seals private keys.
    pub sealer: &'a Sealer,
    /// What the isolate has cached.
    pub cache: &'a KeyCache,
}

impl SigningKeys<'_> {
    /// The keys, including one that signs with this algorithm.
    ///
    /// # Errors
    /// There is no key that signs, and none could be created; or something outside failed.
    pub async fn current(&self, alg: SigningAlgorithm) -> Result<Rc<OpenedKeys>, Unavailable> {
        if let Some(keys) = self.cached(alg) {
            return Ok(keys);
        }
        let published = self.published().await?.map(|keys| OpenedKeys::new(keys, self.sealer));
        let mut keys = match published.filter(|keys| self.signs(keys, alg)) {
            Some(keys) => keys,
            None => self.tell(Keys(alg).write()).await?,
        };
        // If the keys can't be sealed again now, the next isolate does it. They can be used anyway.
        if let Some(command) = keys.reseal(self.sealer, self.now(), self.entropy) {
            match self.tell(command.write()).await {
                Ok(resealed) => keys = resealed,
                Err(error) => self.log.error(&format!("sealing the keys anew: {error}")),
            }
        }
        if !self.signs(&keys, alg) {
            keys = match self.wait_for_replacement(alg).await? {
                Waited::Found(keys) => return Ok(keys),
                Waited::MustMake(_maker) => self.replace(alg, &keys).await?,
            };
        }
        let keys = Rc::new(keys);
        self.lists.changed()?;
        self.cache.keep_keys(&keys, self.now());
        Ok(keys)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn signs(&self, keys: &OpenedKeys, alg: SigningAlgorithm) -> bool {
        keys.signing_key(alg, self.now()).is_some()
    }

    /// The keys in this isolate's memory, if one of them signs with the algorithm.
    fn cached(&self, alg: SigningAlgorithm) -> Option<Rc<OpenedKeys>> {
        self.cache.keys(self.now()).filter(|keys| self.signs(keys, alg))
    }

    /// The published keys. They are only a copy of what the key ring stores, so a copy that can't be read counts as
    /// absent.
    async fn published(&self) -> Result<Option<KeySet>, Unavailable> {
        let Some(json) = self.lists.read(KeyList::Keys).await? else {
            return Ok(None);
        };
        match stored::read(&json) {
            Ok(keys) => Ok(Some(keys)),
            Err(error) => {
                self.log.unreadable(&format!("the published keys in KV cannot be read: {error}"));
                Ok(None)
            }
        }
    }

    /// Waits while another request of this isolate creates a key, because an RS256 key takes a tenth of a second of CPU
    /// time. If that request is abandoned, one of the waiting requests takes over.
    async fn wait_for_replacement(&self, alg: SigningAlgorithm) -> Result<Waited<'_>, Unavailable> {
        let mut waited_for = None;
        let mut looks = 0_u32;
        while let Some(maker) = self.cache.maker() {
            if waited_for != Some(maker) {
                (waited_for, looks) = (Some(maker), 0);
            }
            if looks >= MAX_LOOKS {
                break;
            }
            looks = looks.saturating_add(1);
            let then = Timestamp(self.now().0.saturating_add(LOOK_AGAIN));
            self.timer.wait_until(then).await?;
        }
        Ok(match self.cached(alg) {
            Some(keys) => Waited::Found(keys),
            None => Waited::MustMake(Maker::begin(self.cache)),
        })
    }

    /// Creates a key that signs immediately and sends it to the key ring, because the secret has changed and opens none
    /// of `keys` for the algorithm. The ring doesn't create it, because its object may still run with the other secret.
    async fn replace(
        &self,
        alg: SigningAlgorithm,
        keys: &OpenedKeys,
    ) -> Result<OpenedKeys, Unavailable> {
        self.log.unreadable(&format!(
            "no {} key can be opened with this VESTIBULE_SECRET, so a new key signs from now on",
            alg.as_str()
        ));
        let pair = self.generate(alg).await?;
        let keys = self.tell(keys.replacement(pair).write()).await?;
        if self.signs(&keys, alg) {
            return Ok(keys);
        }
        let error = "the key ring keeps its keys, which are sealed with another VESTIBULE_SECRET";
        Err(Unavailable::new(error))
    }

    /// Sends a command to the key ring and returns its keys. Every command of the ring has the reply of [`Keys`], so
    /// this is compiled once and not for each command.
    async fn tell(
        &self,
        command: Result<String, serde_json::Error>,
    ) -> Result<OpenedKeys, Unavailable> {
        let command = command.map_err(Unavailable::new)?;
        let address = Address::Name(ObjectName::key_ring());
        let answer = self.objects.send(Class::KeyRing, &address, command, MAKING).await?;
        let answer = answer.ok_or_else(|| Unavailable::new("the key ring has no object"))?;
        let reply = message::read_answer::<Keys>(&answer).map_err(Unavailable::new)?;
        Ok(OpenedKeys::new(reply.map_err(Unavailable::new)?, self.sealer))
    }

    /// Makes a key pair and seals its private half.
    ///
    /// # Errors
    /// The key could not be made.
    pub async fn generate(&self, alg: SigningAlgorithm) -> Result<KeyPair, Unavailable> {
        let (public, private) = self.crypto.generate(alg).await?;
        let nonce = entropy::bytes(self.entropy);
        let sealed_private =
            self.sealer.seal(Purpose::SigningKey, &private, nonce).map_err(Unavailable::new)?;
        Ok(KeyPair { public: Jwk::new(&public, alg), sealed_private, superseded: None })
    }

    /// Publishes a list of keys for every isolate.
    ///
    /// # Errors
    /// The list could not be written.
    pub async fn publish(&self, list: KeyList, keys: &impl Serialize) -> Result<(), Unavailable> {
        let json = serde_json::to_string(keys).map_err(Unavailable::new)?;
        self.lists.write(list, &json).await
    }

    /// The public keys that verify an old `id_token_hint`. The isolate keeps them for ten minutes, so hints with
    /// unknown keys cause one read in that time.
    ///
    /// # Errors
    /// They can't be read.
    pub async fn hint_keys(&self) -> Result<Rc<HintKeys>, Unavailable> {
        if let Some(keys) = self.cache.hint_keys(self.now()) {
            return Ok(keys);
        }
        let (keys, kept_for) = match self.lists.read(KeyList::HintKeys).await? {
            None => (HintKeys::default(), NO_HINT_KEYS),
            Some(json) => match stored::read(&json) {
                Ok(keys) => (keys, CACHED_FOR),
                Err(error) => {
                    let message = format!("the hint keys in KV cannot be read: {error}");
                    self.log.unreadable(&message);
                    return Err(Unavailable(message));
                }
            },
        };
        let keys = Rc::new(keys);
        self.cache.keep_hint_keys(&keys, self.now(), kept_for);
        Ok(keys)
    }

    /// Signs with a key of the ring.
    ///
    /// # Errors
    /// The key can't be opened or used.
    pub async fn sign(&self, pair: &KeyPair, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let kid = &pair.public.kid;
        if !self.crypto.holds_private(kid) {
            let opened = pair.open(self.sealer).map_err(|_| {
                Unavailable::new("the signing key was sealed with another VESTIBULE_SECRET")
            })?;
            self.crypto.import_private(&pair.public, &opened.plain).await?;
        }
        self.crypto.sign(kid, input).await
    }

    /// Verifies a signature. An API presents the same token with every request, and a valid signature stays valid. So
    /// its digest is remembered, which costs a tenth of verifying it again.
    ///
    /// # Errors
    /// The key can't be used.
    pub async fn verify(
        &self,
        key: &Jwk,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        let digest = Sha256::new().chain_update(&key.kid).chain_update([0]).chain_update(input);
        let digest: [u8; 32] = digest.chain_update([0]).chain_update(signature).finalize().into();
        if self.cache.is_verified(&digest) {
            return Ok(true);
        }
        let holds = self.crypto.verify(key, input, signature).await?;
        if holds {
            self.cache.keep_verified(digest);
        }
        Ok(holds)
    }
}

/// The result of waiting for another request.
enum Waited<'a> {
    /// There are keys, and one of them signs.
    Found(Rc<OpenedKeys>),
    /// The caller must create a key. Other requests wait for it as long as this value lives.
    MustMake(Maker<'a>),
}
