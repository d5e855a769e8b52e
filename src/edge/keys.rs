//! The signing keys, at the edge: read from KV, kept by each isolate, used by WebCrypto.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::platform;
use super::ports::{Edge, count, now, unavailable};
use crate::domain::key_ring::{HintKeys, KeyPair, KeyRing, KeyRingCommand, KeySet};
use crate::domain::machine::{Address, Class, Machine};
use crate::domain::stored;
use crate::domain::time::{Seconds, Timestamp};
use crate::jose::jwk::Jwk;
use crate::jose::seal::Purpose;
use crate::ports::{Objects, Unavailable};
use crate::protocol::client_metadata::SigningAlgorithm;

/// Where KV has the published keys.
pub const KV_KEY: &str = "keys";
/// Where KV has the public keys that verify an old `id_token_hint`. Most isolates never read it.
pub const HINT_KEYS_KV_KEY: &str = "hint-keys";
/// The one key ring's name.
const NAME: &str = "keys";
/// How long an isolate keeps the keys, in milliseconds: far shorter than a key is published before
/// it signs.
const CACHE: i64 = 10 * 60_000;
/// How long a caller waits for the first key of an algorithm to be made.
const MAKING: Seconds = Seconds(20);

/// How many signatures an isolate remembers to be good.
const MAX_VERIFIED: usize = 2000;

thread_local! {
    // Digests of key, input and signature that belong together.
    static VERIFIED: RefCell<BTreeSet<[u8; 32]>> = const { RefCell::new(BTreeSet::new()) };
    static KEYS: RefCell<Option<(Timestamp, Rc<KeySet>)>> = const { RefCell::new(None) };
    static HINT_KEYS: RefCell<Option<(Timestamp, Rc<HintKeys>)>> = const { RefCell::new(None) };
}

/// The keys, among them one that signs: from this isolate, from KV, or from the key ring.
pub async fn current(edge: &Edge, alg: SigningAlgorithm) -> Result<Rc<KeySet>, Unavailable> {
    let now = now();
    let usable = |keys: &KeySet| keys.signing_key(alg, now).is_some();
    let cached = KEYS.with_borrow(|cached| {
        let (read_at, keys) = cached.as_ref()?;
        let young = now.0.saturating_sub(read_at.0) < CACHE;
        (young && usable(keys)).then(|| Rc::clone(keys))
    });
    if let Some(keys) = cached {
        return Ok(keys);
    }
    count(&edge.kv_reads);
    let published = platform::get(&edge.env, KV_KEY).await?;
    // KV has only a copy of what the key ring stores: if the copy can't be read, ask the key ring.
    let published = published.and_then(|json| match stored::read(&json) {
        Ok(keys) => Some(keys),
        Err(error) => {
            platform::unreadable(&format!("the published keys in KV cannot be read: {error}"));
            None
        }
    });
    let keys = match published.filter(usable) {
        Some(keys) => keys,
        None => ask(edge, alg).await?,
    };
    let keys = Rc::new(keys);
    platform::forget_kept().map_err(unavailable)?;
    KEYS.with_borrow_mut(|cached| *cached = Some((now, Rc::clone(&keys))));
    Ok(keys)
}

/// The public keys that verify an old `id_token_hint`. The isolate keeps them for ten minutes, so hints with
/// unknown keys cause one read of KV in that time.
pub async fn hint_keys(edge: &Edge) -> Result<Rc<HintKeys>, Unavailable> {
    let now = now();
    let cached = HINT_KEYS.with_borrow(|cached| {
        let (read_at, keys) = cached.as_ref()?;
        (now.0.saturating_sub(read_at.0) < CACHE).then(|| Rc::clone(keys))
    });
    if let Some(keys) = cached {
        return Ok(keys);
    }
    count(&edge.kv_reads);
    let keys = match platform::get(&edge.env, HINT_KEYS_KV_KEY).await? {
        None => HintKeys::default(),
        Some(json) => stored::read(&json).map_err(|error| {
            let message = format!("the hint keys in KV cannot be read: {error}");
            platform::unreadable(&message);
            Unavailable(message)
        })?,
    };
    let keys = Rc::new(keys);
    HINT_KEYS.with_borrow_mut(|cached| *cached = Some((now, Rc::clone(&keys))));
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

/// Verifies a signature. An API shows the same token with every request, and a signature that was
/// good stays so: it is remembered by its digest, which costs a tenth of verifying it again.
pub async fn verify(key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
    let digest = Sha256::new().chain_update(&key.kid).chain_update([0]).chain_update(input);
    let digest: [u8; 32] = digest.chain_update([0]).chain_update(signature).finalize().into();
    if VERIFIED.with_borrow(|verified| verified.contains(&digest)) {
        return Ok(true);
    }
    if !platform::holds_public_key(&key.kid) {
        let jwk = serde_json::to_string(key).map_err(Unavailable::new)?;
        platform::import_public_key(&jwk).await?;
    }
    let holds = platform::verify(&key.kid, input, signature).await?;
    if holds {
        VERIFIED.with_borrow_mut(|verified| {
            if verified.len() >= MAX_VERIFIED {
                verified.clear();
            }
            verified.insert(digest);
        });
    }
    Ok(holds)
}
