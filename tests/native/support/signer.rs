//! The portable signer: `jwt-compact` over `p256` and `rsa`, behind the port that the edge
//! implements with WebCrypto.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;
use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::alg::{Es256, Rsa, RsaPrivateKey, RsaPublicKey};
use jwt_compact::{Algorithm, AlgorithmSignature};
use p256::ecdsa::{SigningKey, VerifyingKey};
use rsa::BigUint;
use rsa::traits::PublicKeyParts;
use vestibule::domain::entropy;
use vestibule::domain::key_ring::{
    HintKeys, KeyPair, KeyRing, KeyRingCommand, KeyRingWants, KeySet, OpenedKeys,
};
use vestibule::domain::machine::{Before, Command, Effect, Machine, Next};
use vestibule::jose::jwk::{Jwk, PublicKey};
use vestibule::jose::seal::{Purpose, Sealer};
use vestibule::jose::upstream_jwk::{UpstreamJwk, VerificationAlgorithm};
use vestibule::ports::{Clock, Signer, Unavailable};
use vestibule::protocol::client_metadata::SigningAlgorithm;

use super::{SeededEntropy, TestClock};

enum Private {
    Ec(SigningKey),
    Rsa(Box<RsaPrivateKey>),
}

/// Keeps private keys by name, and the ring's own state.
pub struct PortableSigner {
    clock: Rc<TestClock>,
    entropy: Rc<SeededEntropy>,
    private: RefCell<BTreeMap<String, Private>>,
    ring: RefCell<Option<<KeyRing as Machine>::State>>,
    hint_keys: RefCell<HintKeys>,
    asked: RefCell<Vec<SigningAlgorithm>>,
    sealer: Sealer,
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).expect("base64url")
}

impl PortableSigner {
    pub fn new(clock: Rc<TestClock>, entropy: Rc<SeededEntropy>) -> Self {
        let (private, ring, hint_keys, asked) =
            <(RefCell<_>, RefCell<_>, RefCell<_>, RefCell<_>)>::default();
        let sealer = Sealer::new("the secret of the portable signer").expect("a secret");
        Self { clock, entropy, private, ring, hint_keys, asked, sealer }
    }

    fn step(&self, command: KeyRingCommand) -> Option<KeySet> {
        let before = Before { state: self.ring.borrow().clone(), rows: BTreeMap::new() };
        let step = command.decide(before, self.clock.now(), &*self.entropy);
        if let Next::Written(ring) = step.change.next {
            *self.ring.borrow_mut() = Some(ring);
        }
        let mut asked = Vec::new();
        for effect in step.change.effects {
            match effect {
                Effect::Own(KeyRingWants::PublishHintKeys(keys)) => {
                    *self.hint_keys.borrow_mut() = keys
                }
                Effect::Own(KeyRingWants::GenerateKey(alg)) => asked.push(alg),
                _ => {}
            }
        }
        self.asked.borrow_mut().extend(asked);
        step.reply.ok()
    }

    /// Rotates the keys that are due, as the alarm of the key ring does.
    pub fn wake(&self) {
        self.asked.borrow_mut().clear();
        self.step(KeyRingCommand::Wake);
        let asked = std::mem::take(&mut *self.asked.borrow_mut());
        for alg in asked {
            self.step(KeyRingCommand::Made(self.make(alg)));
        }
    }

    fn make(&self, alg: SigningAlgorithm) -> KeyPair {
        let (public, private) = match alg {
            SigningAlgorithm::ES256 => {
                let bytes: [u8; 32] = entropy::bytes(&*self.entropy);
                let key = SigningKey::from_slice(&bytes).expect("a scalar");
                let point = key.verifying_key().to_encoded_point(false);
                let (x, y) = (point.x().expect("x"), point.y().expect("y"));
                let crv = "P-256".to_owned();
                (PublicKey::Ec { crv, x: encode(x), y: encode(y) }, Private::Ec(key))
            }
            SigningAlgorithm::RS256 => {
                let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
                let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
                (PublicKey::Rsa { n: encode(&n), e: encode(&e) }, Private::Rsa(Box::new(key)))
            }
        };
        let public = Jwk::new(public, alg);
        self.private.borrow_mut().insert(public.kid.clone(), private);
        // The keys stay in memory, so the sealed half can be empty.
        let nonce = entropy::bytes(&*self.entropy);
        let sealed_private = self.sealer.seal(Purpose::SigningKey, b"", nonce).expect("a seal");
        KeyPair { public, sealed_private, superseded: None }
    }
}

#[async_trait(?Send)]
impl Signer for PortableSigner {
    async fn keys(&self, alg: SigningAlgorithm) -> Result<Rc<OpenedKeys>, Unavailable> {
        let keys = match self.step(KeyRingCommand::Keys(alg)) {
            Some(keys) => Some(keys),
            None => self.step(KeyRingCommand::Made(self.make(alg))),
        };
        let keys = keys.ok_or_else(|| Unavailable::new("no key"))?;
        Ok(Rc::new(OpenedKeys::new(keys, &self.sealer)))
    }

    async fn hint_keys(&self) -> Result<Rc<HintKeys>, Unavailable> {
        Ok(Rc::new(self.hint_keys.borrow().clone()))
    }

    async fn generate(&self, alg: SigningAlgorithm) -> Result<KeyPair, Unavailable> {
        Ok(self.make(alg))
    }

    async fn publish(&self, _: &KeySet) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn publish_hint_keys(&self, keys: &HintKeys) -> Result<(), Unavailable> {
        *self.hint_keys.borrow_mut() = keys.clone();
        Ok(())
    }

    async fn sign(&self, pair: &KeyPair, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        Ok(match &self.private.borrow()[&pair.public.kid] {
            Private::Ec(key) => Es256.sign(key, input).as_bytes().into_owned(),
            Private::Rsa(key) => Rsa::rs256().sign(key, input).as_bytes().into_owned(),
        })
    }

    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
        Ok(match &key.key {
            PublicKey::Ec { x, y, .. } => {
                let point = [vec![4], decode(x), decode(y)].concat();
                let key = VerifyingKey::from_sec1_bytes(&point).expect("a point");
                <Es256 as Algorithm>::Signature::try_from_slice(signature)
                    .is_ok_and(|signature| Es256.verify_signature(&signature, &key, input))
            }
            PublicKey::Rsa { n, e } => {
                let number = |text| BigUint::from_bytes_be(&decode(text));
                let key = RsaPublicKey::new(number(n), number(e)).expect("a key");
                let algorithm = Rsa::rs256();
                <Rsa as Algorithm>::Signature::try_from_slice(signature)
                    .is_ok_and(|signature| algorithm.verify_signature(&signature, &key, input))
            }
        })
    }

    async fn verify_upstream(
        &self,
        key: &UpstreamJwk,
        alg: VerificationAlgorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        let number =
            |text: &Option<String>| BigUint::from_bytes_be(&decode(text.as_ref().unwrap()));
        Ok(match alg {
            VerificationAlgorithm::ES256 => {
                let (x, y) = (key.x.as_ref().unwrap(), key.y.as_ref().unwrap());
                let point = [vec![4], decode(x), decode(y)].concat();
                let key = VerifyingKey::from_sec1_bytes(&point).expect("a point");
                <Es256 as Algorithm>::Signature::try_from_slice(signature)
                    .is_ok_and(|signature| Es256.verify_signature(&signature, &key, input))
            }
            VerificationAlgorithm::RS256 | VerificationAlgorithm::PS256 => {
                let key = RsaPublicKey::new(number(&key.n), number(&key.e)).expect("a key");
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
