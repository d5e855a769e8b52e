//! What the signing keys (`host/signing_keys/`) ask of Cloudflare: KV, where they are published, and WebCrypto, which
//! makes and uses them.

use async_trait::async_trait;

use super::kv;
use super::outside::{Edge, count};
use super::platform::{self, unavailable};
use vestibule::domain::machine::Class;
use vestibule::host::{KeyCrypto, KeyList, KeyLists, SigningKeys};
use vestibule::jose::foreign_key::ForeignKey;
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::ports::{Objects, Unavailable};
use vestibule::protocol::client_metadata::SigningAlgorithm;
use vestibule::tenant::{KvKey, ObjectName, Tenant};

/// The signing keys, for one request.
pub(super) fn signing_keys(edge: &Edge) -> SigningKeys<'_> {
    SigningKeys {
        clock: edge,
        timer: edge,
        entropy: edge,
        objects: edge,
        log: edge,
        lists: edge,
        crypto: &WebCrypto,
        sealer: &edge.settings.sealer,
        cache: &edge.key_cache,
    }
}

/// The key of a list in KV.
fn key(list: KeyList, edge: &Edge) -> Result<KvKey, Unavailable> {
    let ring = edge.id_of_name(Class::KeyRing, &ObjectName::key_ring())?;
    Ok(match list {
        KeyList::Keys => edge.settings.tenant.published_keys(ring.as_str()),
        KeyList::HintKeys => edge.settings.tenant.published_hint_keys(ring.as_str()),
    })
}

/// The key that an earlier version used.
fn earlier_key(list: KeyList, tenant: &Tenant) -> KvKey {
    match list {
        KeyList::Keys => tenant.earlier_published_keys(),
        KeyList::HintKeys => tenant.earlier_published_hint_keys(),
    }
}

#[async_trait(?Send)]
impl KeyLists for Edge {
    async fn read(&self, list: KeyList) -> Result<Option<String>, Unavailable> {
        count(&self.kv_reads);
        kv::get(&self.env, &key(list, self)?).await
    }

    /// Also removes the list of an earlier version, because it has private keys sealed with a secret that may be
    /// replaced later.
    async fn write(&self, list: KeyList, json: &str) -> Result<(), Unavailable> {
        kv::put(&self.env, &key(list, self)?, json).await?;
        kv::remove(&self.env, &earlier_key(list, &self.settings.tenant)).await
    }

    fn changed(&self) -> Result<(), Unavailable> {
        platform::forget_kept().map_err(unavailable)
    }
}

/// Keys of WebCrypto; imported ones are kept in `platform.js`.
struct WebCrypto;

#[async_trait(?Send)]
impl KeyCrypto for WebCrypto {
    async fn generate(
        &self,
        alg: SigningAlgorithm,
    ) -> Result<(JsonWebKey<'static>, Vec<u8>), Unavailable> {
        let (public, private) = platform::generate_key(alg.as_str()).await?;
        Ok((serde_json::from_str(&public).map_err(Unavailable::new)?, private))
    }

    fn holds_private(&self, kid: &str) -> bool {
        platform::holds_private_key(kid)
    }

    async fn import_private(&self, public: &Jwk, pkcs8: &[u8]) -> Result<(), Unavailable> {
        platform::import_private_key(&public.kid, public.alg.as_str(), pkcs8).await
    }

    async fn sign(&self, kid: &str, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        platform::sign(kid, input).await
    }

    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
        if !platform::holds_public_key(&key.kid) {
            let jwk = serde_json::to_string(key).map_err(Unavailable::new)?;
            platform::import_public_key(&jwk).await?;
        }
        platform::verify(&key.kid, input, signature).await
    }

    async fn verify_foreign(
        &self,
        key: &ForeignKey,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        let jwk = serde_json::to_string(key.key()).map_err(Unavailable::new)?;
        platform::verify_foreign(&jwk, key.alg().as_str(), input, signature).await
    }

    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        platform::sign_with(pkcs8, input).await
    }
}
