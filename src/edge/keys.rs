//! The signing keys, at the edge: read from KV, kept by each isolate, used by WebCrypto.

use std::cell::RefCell;

use super::platform;
use super::ports::{Edge, count, now};
use crate::domain::key_ring::{KeyPair, KeyRing, KeyRingCommand, KeySet};
use crate::domain::machine::{Address, Class, Machine};
use crate::domain::time::{Seconds, Timestamp};
use crate::jose::seal::Purpose;
use crate::ports::{Objects, Unavailable};
use crate::protocol::client_metadata::SigningAlgorithm;

/// Where KV has the published keys.
pub const KV_KEY: &str = "keys";
/// The one key ring's name.
const NAME: &str = "keys";
/// How long an isolate keeps the keys, in milliseconds: far shorter than a key is published before
/// it signs.
const CACHE: i64 = 10 * 60_000;
/// How long a caller waits for the first key of an algorithm to be made.
const MAKING: Seconds = Seconds(20);

thread_local! {
    static KEYS: RefCell<Option<(Timestamp, KeySet)>> = const { RefCell::new(None) };
}

/// The keys, among them one that signs: from this isolate, from KV, or from the key ring.
pub async fn current(edge: &Edge, alg: SigningAlgorithm) -> Result<KeySet, Unavailable> {
    let now = now();
    let usable = |keys: &KeySet| keys.signing_key(alg, now).is_some();
    let cached = KEYS.with_borrow(|cached| {
        let (read_at, keys) = cached.as_ref()?;
        let young = now.0.saturating_sub(read_at.0) < CACHE;
        (young && usable(keys)).then(|| keys.clone())
    });
    if let Some(keys) = cached {
        return Ok(keys);
    }
    count(&edge.kv_reads);
    let published = platform::get(&edge.env, KV_KEY).await?;
    let published = published.and_then(|json| serde_json::from_str(&json).ok());
    let keys = match published.filter(usable) {
        Some(keys) => keys,
        None => ask(edge, alg).await?,
    };
    KEYS.with_borrow_mut(|cached| *cached = Some((now, keys.clone())));
    Ok(keys)
}

/// Asks the key ring, which makes a key where there is none.
async fn ask(edge: &Edge, alg: SigningAlgorithm) -> Result<KeySet, Unavailable> {
    let command = serde_json::to_string(&KeyRingCommand::Keys(alg)).map_err(Unavailable::new)?;
    let address = Address::Name(NAME.to_owned());
    let answer = edge.send(Class::KeyRing, &address, command, MAKING).await?;
    let answer = answer.ok_or_else(|| Unavailable::new("the key ring has no object"))?;
    let reply: Result<KeySet, <KeyRing as Machine>::Error> =
        serde_json::from_str(&answer).map_err(Unavailable::new)?;
    reply.map_err(Unavailable::new)
}

/// Imports a private key, unless this isolate holds it.
pub async fn import(edge: &Edge, pair: &KeyPair) -> Result<(), Unavailable> {
    let kid = &pair.public.kid;
    if platform::holds_private_key(kid) {
        return Ok(());
    }
    let sealed = &pair.sealed_private;
    let pkcs8 = edge.settings.sealer.open(Purpose::SigningKey, sealed).map_err(|_| {
        Unavailable::new("the signing key was sealed with another VESTIBULE_SECRET")
    })?;
    platform::import_private_key(kid, pair.public.alg.as_str(), &pkcs8).await
}
