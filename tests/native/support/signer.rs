//! The signing keys over ports in memory: KV's list is a map, and `jwt-compact` with `p256` and `rsa` replaces
//! WebCrypto.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Mutex;

use async_trait::async_trait;
use jwt_compact::alg::{Es256, Rsa, RsaPrivateKey, RsaPublicKey};
use jwt_compact::{Algorithm, AlgorithmSignature};
use p256::ecdsa::{SigningKey, VerifyingKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::rand_core::{self, CryptoRng, RngCore};
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};
use vestibule::domain::entropy;
use vestibule::domain::key_ring::{HintKeys, KeyPair, KeySet, OpenedKeys};
use vestibule::host::{KeyCache, KeyCrypto, KeyList, KeyLists, SigningKeys};
use vestibule::jose::foreign_key::{ForeignKey, VerificationAlgorithm};
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::jose::seal::Sealer;
use vestibule::ports::{Signer, Unavailable};
use vestibule::protocol::client_metadata::SigningAlgorithm;

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

enum Private {
    Ec(SigningKey),
    Rsa(Box<RsaPrivateKey>),
}

/// Imported keys, and how many were created.
pub struct PortableCrypto {
    entropy: Rc<SeededEntropy>,
    private: RefCell<BTreeMap<String, Private>>,
    pub made: Cell<usize>,
    made_rsa: Cell<usize>,
    /// Whether a requested key never arrives.
    pub hangs: Cell<bool>,
}

impl PortableCrypto {
    /// Generating a key of 2048 bits takes long, so the n-th key is the same in every world and every run.
    fn rsa_key(&self) -> RsaPrivateKey {
        static MADE: Mutex<Vec<RsaPrivateKey>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().expect("no test panicked here");
        let number = self.made_rsa.get();
        self.made_rsa.set(number + 1);
        while made.len() <= number {
            let mut random = Repeatable { number: made.len() as u64, drawn: 0 };
            let key = RsaPrivateKey::new(&mut random, 2048).expect("a key");
            made.push(key);
        }
        made[number].clone()
    }
}

/// The randomness for the key with this number.
struct Repeatable {
    number: u64,
    drawn: u64,
}

impl RngCore for Repeatable {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let seed = [self.number.to_be_bytes(), self.drawn.to_be_bytes()].concat();
            self.drawn += 1;
            chunk.copy_from_slice(&Sha256::digest(seed)[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Repeatable {}

#[async_trait(?Send)]
impl KeyCrypto for PortableCrypto {
    async fn generate(
        &self,
        alg: SigningAlgorithm,
    ) -> Result<(JsonWebKey<'static>, Vec<u8>), Unavailable> {
        if self.hangs.get() {
            std::future::pending::<()>().await;
        }
        self.made.set(self.made.get() + 1);
        Ok(match alg {
            SigningAlgorithm::ES256 => {
                let bytes: [u8; 32] = entropy::bytes(&*self.entropy);
                let key = SigningKey::from_slice(&bytes).expect("a scalar");
                let point = key.verifying_key().to_encoded_point(false);
                let (x, y) = (point.x().expect("x").to_vec(), point.y().expect("y").to_vec());
                let (curve, x, y) = ("P-256".into(), x.into(), y.into());
                let public = JsonWebKey::EllipticCurve { curve, x, y, secret: None };
                (public, key.to_pkcs8_der().expect("PKCS #8").as_bytes().to_vec())
            }
            SigningAlgorithm::RS256 => {
                let key = self.rsa_key();
                let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
                let (modulus, public_exponent) = (n.into(), e.into());
                let public = JsonWebKey::Rsa { modulus, public_exponent, private_parts: None };
                (public, key.to_pkcs8_der().expect("PKCS #8").as_bytes().to_vec())
            }
        })
    }

    fn holds_private(&self, kid: &str) -> bool {
        self.private.borrow().contains_key(kid)
    }

    async fn import_private(&self, public: &Jwk, pkcs8: &[u8]) -> Result<(), Unavailable> {
        let key = match public.alg {
            SigningAlgorithm::ES256 => {
                Private::Ec(SigningKey::from_pkcs8_der(pkcs8).map_err(Unavailable::new)?)
            }
            SigningAlgorithm::RS256 => {
                let key = RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(Unavailable::new)?;
                Private::Rsa(Box::new(key))
            }
        };
        self.private.borrow_mut().insert(public.kid.clone(), key);
        Ok(())
    }

    async fn sign(&self, kid: &str, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        Ok(match &self.private.borrow()[kid] {
            Private::Ec(key) => Es256.sign(key, input).as_bytes().into_owned(),
            Private::Rsa(key) => Rsa::rs256().sign(key, input).as_bytes().into_owned(),
        })
    }

    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
        Ok(match key.alg {
            SigningAlgorithm::ES256 => {
                let key = VerifyingKey::try_from(&key.key).expect("a point");
                <Es256 as Algorithm>::Signature::try_from_slice(signature)
                    .is_ok_and(|signature| Es256.verify_signature(&signature, &key, input))
            }
            SigningAlgorithm::RS256 => {
                let key = RsaPublicKey::try_from(&key.key).expect("a key");
                let algorithm = Rsa::rs256();
                <Rsa as Algorithm>::Signature::try_from_slice(signature)
                    .is_ok_and(|signature| algorithm.verify_signature(&signature, &key, input))
            }
        })
    }
}

/// The keys in KV and in one isolate. All signers of a world share them.
pub struct Keys {
    clock: Rc<TestClock>,
    entropy: Rc<SeededEntropy>,
    log: Rc<MemoryLog>,
    pub timer: TestTimer,
    pub lists: MemoryLists,
    pub crypto: PortableCrypto,
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
        let crypto = PortableCrypto {
            entropy: Rc::clone(&entropy),
            private: RefCell::default(),
            made: Cell::default(),
            made_rsa: Cell::default(),
            hangs: Cell::default(),
        };
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
        Ok(match key.alg() {
            VerificationAlgorithm::ES256 => {
                let key = VerifyingKey::try_from(key.key()).expect("a point");
                <Es256 as Algorithm>::Signature::try_from_slice(signature)
                    .is_ok_and(|signature| Es256.verify_signature(&signature, &key, input))
            }
            alg @ (VerificationAlgorithm::RS256 | VerificationAlgorithm::PS256) => {
                let key = RsaPublicKey::try_from(key.key()).expect("a key");
                let algorithm = match alg {
                    VerificationAlgorithm::RS256 => Rsa::rs256(),
                    _ => Rsa::ps256(),
                };
                <Rsa as Algorithm>::Signature::try_from_slice(signature)
                    .is_ok_and(|signature| algorithm.verify_signature(&signature, &key, input))
            }
            VerificationAlgorithm::EdDSA => {
                panic!("Ed25519 is tested on the real runtime alone")
            }
        })
    }

    async fn sign_with(&self, _: &[u8], _: &[u8]) -> Result<Vec<u8>, Unavailable> {
        panic!("keys of others are tested on the real runtime alone")
    }
}
