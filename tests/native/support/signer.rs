//! The signing keys over ports in memory: KV's list is a map, and `vestibule-native` replaces WebCrypto.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Mutex;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use vestibule::domain::entropy::Entropy;
use vestibule::domain::key_ring::{HintKeys, KeyPair, KeySet, OpenedKeys};
use vestibule::host::{KeyCache, KeyCrypto, KeyList, KeyLists, SigningKeys};
use vestibule::jose::foreign_key::ForeignKey;
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::jose::seal::Sealer;
use vestibule::ports::{Signer, Unavailable};
use vestibule::protocol::client_metadata::SigningAlgorithm;
use vestibule_native::NativeCrypto;

use super::fuse::Fuse;
use super::objects::Memory;
use super::{MemoryLog, SeededEntropy, TestClock, TestTimer, recorder};

/// The part of KV with the published keys.
#[derive(Default)]
pub struct MemoryLists {
    pub fuse: Rc<Fuse>,
    pub lists: RefCell<BTreeMap<KeyList, String>>,
}

#[async_trait(?Send)]
impl KeyLists for MemoryLists {
    async fn read(&self, list: KeyList) -> Result<Option<String>, Unavailable> {
        Ok(self.lists.borrow().get(&list).cloned())
    }

    async fn write(&self, list: KeyList, json: &str) -> Result<(), Unavailable> {
        let (section, key) = match list {
            KeyList::Keys => ("keys", "keys"),
            KeyList::HintKeys => ("hint_keys", "hint-keys"),
        };
        // At the edge, the key ends with the ID of the ring's object.
        let key = format!("{key}/{}", "ab".repeat(32));
        recorder::kv(section, &key, &serde_json::from_str(json).expect("JSON"));
        self.fuse.survive().await;
        self.lists.borrow_mut().insert(list, json.to_owned());
        self.fuse.survive().await;
        Ok(())
    }

    fn changed(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// The native port, which counts the keys that it makes and can stop making them.
pub struct TestCrypto {
    native: NativeCrypto,
    pub made: Cell<usize>,
    made_rsa: Cell<usize>,
    /// Whether a requested key never arrives.
    pub hangs: Cell<bool>,
}

impl TestCrypto {
    fn new(entropy: Rc<SeededEntropy>) -> Self {
        let native = NativeCrypto::new(entropy);
        Self { native, made: Cell::default(), made_rsa: Cell::default(), hangs: Cell::default() }
    }

    /// Generating a key of 2048 bits takes long, so the n-th key is the same in every world and every run.
    fn rsa_key(&self) -> (JsonWebKey<'static>, Vec<u8>) {
        static MADE: Mutex<Vec<(JsonWebKey<'static>, Vec<u8>)>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().expect("no test panicked here");
        let number = self.made_rsa.get();
        self.made_rsa.set(number + 1);
        while made.len() <= number {
            let random = Repeatable { number: made.len() as u64, drawn: Cell::default() };
            let key = vestibule_native::generate(SigningAlgorithm::RS256, &random);
            made.push(key.expect("a key"));
        }
        made[number].clone()
    }
}

/// The randomness for the key with this number.
struct Repeatable {
    number: u64,
    drawn: Cell<u64>,
}

impl Entropy for Repeatable {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let seed = [self.number.to_be_bytes(), self.drawn.get().to_be_bytes()].concat();
            self.drawn.set(self.drawn.get() + 1);
            chunk.copy_from_slice(&Sha256::digest(seed)[..chunk.len()]);
        }
    }
}

#[async_trait(?Send)]
impl KeyCrypto for TestCrypto {
    async fn generate(
        &self,
        alg: SigningAlgorithm,
    ) -> Result<(JsonWebKey<'static>, Vec<u8>), Unavailable> {
        if self.hangs.get() {
            std::future::pending::<()>().await;
        }
        self.made.set(self.made.get() + 1);
        match alg {
            SigningAlgorithm::ES256 => self.native.generate(alg).await,
            SigningAlgorithm::RS256 => Ok(self.rsa_key()),
        }
    }

    fn holds_private(&self, kid: &str) -> bool {
        self.native.holds_private(kid)
    }

    async fn import_private(&self, public: &Jwk, pkcs8: &[u8]) -> Result<(), Unavailable> {
        self.native.import_private(public, pkcs8).await
    }

    async fn sign(&self, kid: &str, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        self.native.sign(kid, input).await
    }

    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
        self.native.verify(key, input, signature).await
    }

    async fn verify_foreign(
        &self,
        key: &ForeignKey,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        self.native.verify_foreign(key, input, signature).await
    }

    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        self.native.sign_with(pkcs8, input).await
    }
}

/// The keys in KV and in one isolate. All signers of a world share them.
pub struct Keys {
    clock: Rc<TestClock>,
    entropy: Rc<SeededEntropy>,
    log: Rc<MemoryLog>,
    pub timer: TestTimer,
    pub lists: MemoryLists,
    pub crypto: TestCrypto,
    sealer: RefCell<Sealer>,
    cache: RefCell<Rc<KeyCache>>,
}

impl Keys {
    pub fn new(
        clock: Rc<TestClock>,
        entropy: Rc<SeededEntropy>,
        log: Rc<MemoryLog>,
        sealer: Sealer,
    ) -> Self {
        let crypto = TestCrypto::new(Rc::clone(&entropy));
        let (timer, lists, cache) = <(TestTimer, MemoryLists, RefCell<_>)>::default();
        Self { clock, entropy, log, timer, lists, crypto, sealer: RefCell::new(sealer), cache }
    }

    pub fn set_sealer(&self, sealer: Sealer) {
        *self.sealer.borrow_mut() = sealer;
        self.forget();
    }

    /// Replaces this isolate with a new one.
    pub fn forget(&self) {
        self.cache.take();
    }

    /// The published keys.
    pub fn published(&self) -> KeySet {
        let lists = self.lists.lists.borrow();
        lists.get(&KeyList::Keys).map_or_else(KeySet::default, |json| {
            serde_json::from_str(json).expect("what was published")
        })
    }
}

/// The port.
pub struct PortableSigner {
    keys: Rc<Keys>,
    objects: Weak<Memory>,
}

impl PortableSigner {
    pub fn new(keys: Rc<Keys>, objects: Weak<Memory>) -> Self {
        Self { keys, objects }
    }

    async fn with<T>(&self, work: impl AsyncFnOnce(SigningKeys<'_>) -> T) -> T {
        let objects = self.objects.upgrade().expect("the world lives");
        let sealer = self.keys.sealer.borrow().clone();
        let cache = Rc::clone(&self.keys.cache.borrow());
        let keys = SigningKeys {
            clock: &*self.keys.clock,
            timer: &self.keys.timer,
            entropy: &*self.keys.entropy,
            objects: &*objects,
            log: &*self.keys.log,
            lists: &self.keys.lists,
            crypto: &self.keys.crypto,
            sealer: &sealer,
            cache: &cache,
        };
        work(keys).await
    }
}

#[async_trait(?Send)]
impl Signer for PortableSigner {
    async fn keys(&self, alg: SigningAlgorithm) -> Result<Rc<OpenedKeys>, Unavailable> {
        self.with(async |keys| keys.current(alg).await).await
    }

    async fn hint_keys(&self) -> Result<Rc<HintKeys>, Unavailable> {
        self.with(async |keys| keys.hint_keys().await).await
    }

    async fn generate(&self, alg: SigningAlgorithm) -> Result<KeyPair, Unavailable> {
        self.with(async |keys| keys.generate(alg).await).await
    }

    async fn publish(&self, set: &KeySet) -> Result<(), Unavailable> {
        self.with(async |keys| keys.publish(KeyList::Keys, set).await).await
    }

    async fn publish_hint_keys(&self, hints: &HintKeys) -> Result<(), Unavailable> {
        self.with(async |keys| keys.publish(KeyList::HintKeys, hints).await).await
    }

    async fn sign(&self, pair: &KeyPair, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        self.with(async |keys| keys.sign(pair, input).await).await
    }

    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
        self.with(async |keys| keys.verify(key, input, signature).await).await
    }

    async fn verify_foreign(
        &self,
        key: &ForeignKey,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        self.keys.crypto.verify_foreign(key, input, signature).await
    }

    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        self.keys.crypto.sign_with(pkcs8, input).await
    }
}
