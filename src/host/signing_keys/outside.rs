//! What the signing keys ask of the outside.

use async_trait::async_trait;

use crate::jose::jwk::{Jwk, PublicKey};
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

/// Where the lists of keys are published, for every isolate to read.
#[async_trait(?Send)]
pub trait KeyLists {
    /// Reads a list, as JSON; `None` if it isn't there, or not yet.
    async fn read(&self, list: KeyList) -> Result<Option<String>, Unavailable>;

    /// Writes a list, as JSON.
    async fn write(&self, list: KeyList, json: &str) -> Result<(), Unavailable>;

    /// This isolate has read the keys anew: an answer that it keeps and that lists them may be out of date.
    fn changed(&self) -> Result<(), Unavailable>;
}

/// Makes keys and uses them. Imported keys are held by their `kid`, for as long as the isolate lives.
#[async_trait(?Send)]
pub trait KeyCrypto {
    /// Makes a key pair: the public half, and the private half as PKCS #8 (RFC 5208).
    async fn generate(&self, alg: SigningAlgorithm) -> Result<(PublicKey, Vec<u8>), Unavailable>;

    /// Whether the private key of this `kid` was imported.
    fn holds_private(&self, kid: &str) -> bool;

    /// Imports a private key (PKCS #8).
    async fn import_private(&self, public: &Jwk, pkcs8: &[u8]) -> Result<(), Unavailable>;

    /// Signs with a private key that was imported: the raw signature, as JWS has it (RFC 7518 §3).
    async fn sign(&self, kid: &str, input: &[u8]) -> Result<Vec<u8>, Unavailable>;

    /// Verifies a signature; imports the key first if it isn't held.
    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable>;
}
