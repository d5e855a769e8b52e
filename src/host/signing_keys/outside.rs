//! The interfaces that the signing keys need.

use async_trait::async_trait;

use crate::jose::foreign_key::ForeignKey;
use crate::jose::jwk::{JsonWebKey, Jwk};
use crate::ports::Unavailable;
use crate::protocol::client_metadata::SigningAlgorithm;

/// A list of keys that the key ring publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyList {
    /// The published keys.
    Keys,
    /// The public keys that verify an old `id_token_hint`. Most isolates never read them.
    HintKeys,
}

/// The published lists of keys, which every isolate reads.
#[async_trait(?Send)]
pub trait KeyLists {
    /// Reads a list, as JSON; `None` if it isn't published, or not visible yet.
    async fn read(&self, list: KeyList) -> Result<Option<String>, Unavailable>;

    /// Writes a list, as JSON.
    async fn write(&self, list: KeyList, json: &str) -> Result<(), Unavailable>;

    /// Reports that this isolate has read new keys, so a cached JWKS response may be out of date.
    fn changed(&self) -> Result<(), Unavailable>;
}

/// Creates and uses keys: WebCrypto at the edge, `jwt-compact` natively (`crates/native`). Each verifies what the other
/// signs. Imported keys are held by their `kid` for as long as the isolate lives.
#[async_trait(?Send)]
pub trait KeyCrypto {
    /// Generates a key pair: the public half, and the private half as PKCS #8 (RFC 5208).
    async fn generate(
        &self,
        alg: SigningAlgorithm,
    ) -> Result<(JsonWebKey<'static>, Vec<u8>), Unavailable>;

    /// Whether the private key with this `kid` was imported.
    fn holds_private(&self, kid: &str) -> bool;

    /// Imports a private key (PKCS #8).
    async fn import_private(&self, public: &Jwk, pkcs8: &[u8]) -> Result<(), Unavailable>;

    /// Signs with an imported private key. Returns the raw signature, as in a JWS (RFC 7518 §3).
    async fn sign(&self, kid: &str, input: &[u8]) -> Result<Vec<u8>, Unavailable>;

    /// Verifies a signature; imports the key first if it isn't held.
    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable>;

    /// Verifies a signature that someone else made ([`crate::ports::Signer::verify_foreign`]).
    async fn verify_foreign(
        &self,
        key: &ForeignKey,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable>;

    /// Signs with ES256 and a private key that isn't held (PKCS #8).
    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable>;
}
