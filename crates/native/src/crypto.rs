//! The port for keys and signatures.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;
use jwt_compact::alg::{Es256, Rsa, RsaPrivateKey};
use jwt_compact::{Algorithm, AlgorithmSignature};
use p256::ecdsa::SigningKey;
use rsa::pkcs8::DecodePrivateKey;
use vestibule::domain::entropy::Entropy;
use vestibule::host::KeyCrypto;
use vestibule::jose::foreign_key::{ForeignKey, VerificationAlgorithm};
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::ports::Unavailable;
use vestibule::protocol::client_metadata::SigningAlgorithm;

use crate::keys::{generate, holds};

enum Private {
    Ec(SigningKey),
    Rsa(Box<RsaPrivateKey>),
}

impl Private {
    fn read(alg: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, Unavailable> {
        Ok(match alg {
            SigningAlgorithm::ES256 => {
                Self::Ec(SigningKey::from_pkcs8_der(pkcs8).map_err(Unavailable::new)?)
            }
            SigningAlgorithm::RS256 => {
                let key = RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(Unavailable::new)?;
                Self::Rsa(Box::new(key))
            }
        })
    }

    fn sign(&self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(key) => Es256.sign(key, input).as_bytes().into_owned(),
            Self::Rsa(key) => Rsa::rs256().sign(key, input).as_bytes().into_owned(),
        }
    }
}

/// Keys and signatures by `jwt-compact`. Imported private keys stay in memory.
pub struct NativeCrypto {
    entropy: Rc<dyn Entropy>,
    private: RefCell<BTreeMap<String, Private>>,
}

impl NativeCrypto {
    /// Without any key. New keys are made from this randomness.
    pub fn new(entropy: Rc<dyn Entropy>) -> Self {
        Self { entropy, private: RefCell::default() }
    }
}

#[async_trait(?Send)]
impl KeyCrypto for NativeCrypto {
    async fn generate(
        &self,
        alg: SigningAlgorithm,
    ) -> Result<(JsonWebKey<'static>, Vec<u8>), Unavailable> {
        generate(alg, &*self.entropy)
    }

    fn holds_private(&self, kid: &str) -> bool {
        self.private.borrow().contains_key(kid)
    }

    async fn import_private(&self, public: &Jwk, pkcs8: &[u8]) -> Result<(), Unavailable> {
        let key = Private::read(public.alg, pkcs8)?;
        self.private.borrow_mut().insert(public.kid.clone(), key);
        Ok(())
    }

    async fn sign(&self, kid: &str, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let keys = self.private.borrow();
        let key = keys.get(kid).ok_or_else(|| Unavailable::new("the key was not imported"))?;
        Ok(key.sign(input))
    }

    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
        let alg = match key.alg {
            SigningAlgorithm::ES256 => VerificationAlgorithm::ES256,
            SigningAlgorithm::RS256 => VerificationAlgorithm::RS256,
        };
        Ok(holds(alg, &key.key, input, signature))
    }

    async fn verify_foreign(
        &self,
        key: &ForeignKey,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        Ok(holds(key.alg(), key.key(), input, signature))
    }

    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        Ok(Private::read(SigningAlgorithm::ES256, pkcs8)?.sign(input))
    }
}
