//! The signing keys, at the edge: read from KV, kept by each isolate, used by WebCrypto.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::platform::{self, Env};
use super::ports::{Edge, Random, count, now, object_id_of_name, unavailable};
use crate::domain::entropy;
use crate::domain::key_ring::{
    HintKeys, KeyPair, KeyRingCommand, KeyRingError, KeySet, OpenedKeys,
};
use crate::domain::machine::{Address, Class};
use crate::domain::stored;
use crate::domain::time::{Seconds, Timestamp};
use crate::jose::jwk::{Jwk, PublicKey};
use crate::jose::seal::{Purpose, Sealer};
use crate::ports::{Objects, Timer, Unavailable};
use crate::protocol::client_metadata::SigningAlgorithm;

/// A list of keys that the key ring publishes in KV. The list's name ends with the ring's ID. So a deployment never uses
/// the keys that another one left in the namespace, which `wrangler delete` keeps: its own ring has another ID. An
/// earlier version used the names without an ID.
#[derive(Clone, Copy)]
pub enum Published {
    /// The published keys.
    Keys,
    /// The public keys that verify an old `id_token_hint`. Most isolates never read them.
    HintKeys,
}

impl Published {
    fn earlier_name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::HintKeys => "hint-keys",
        }
    }

    fn name(self, env: &Env) -> Result<String, Unavailable> {
        let ring = object_id_of_name(env, Class::KeyRing, NAME)?;
        Ok(format!("{}/{ring}", self.earlier_name()))
    }

    async fn read(self, edge: &Edge) -> Result<Option<String>, Unavailable> {
        count(&edge.kv_reads);
        platform::get(&edge.env, &self.name(&edge.env)?).await
    }

    /// Writes the list, and removes the one of an earlier version, because it has private keys sealed with a secret
    /// that may be replaced later.
    pub async fn write(self, env: &Env, keys: &impl Serialize) -> Result<(), Unavailable> {
        let json = serde_json::to_string(keys).map_err(Unavailable::new)?;
        platform::put(env, &self.name(env)?, &json).await?;
        platform::remove(env, self.earlier_name()).await
    }
}

/// The one key ring's name.
const NAME: &str = "keys";
/// How long an isolate keeps the keys: far shorter than a key is published before it signs.
const CACHE: Seconds = Seconds(10 * 60);
/// How long an isolate remembers that KV has no hint keys, for instance after an upgrade. KV caches a miss as long.
const NO_HINT_KEYS: Seconds = Seconds(60);
/// How long a request waits for the first key of an algorithm, which the ring or another request makes.
const MAKING: Seconds = Seconds(20);
/// The interval at which a request checks whether another one has made a key, in milliseconds.
const REPLACED_YET: i64 = 50;

/// How many signatures an isolate remembers to be good.
const MAX_VERIFIED: usize = 2000;

thread_local! {
    // Digests of a key, an input and a valid signature.
    static VERIFIED: RefCell<BTreeSet<[u8; 32]>> = const { RefCell::new(BTreeSet::new()) };
    static KEYS: RefCell<Option<(Timestamp, Rc<OpenedKeys>)>> = const { RefCell::new(None) };
    // Until when a request of this isolate may be making a key.
    static REPLACING: Cell<Timestamp> = const { Cell::new(Timestamp(0)) };
    // The hint keys, and until when they are kept.
    static HINT_KEYS: RefCell<Option<(Timestamp, Rc<HintKeys>)>> = const { RefCell::new(None) };
}

/// The keys, among them one that signs: from this isolate, from KV, or from the key ring.
pub async fn current(edge: &Edge, alg: SigningAlgorithm) -> Result<Rc<OpenedKeys>, Unavailable> {
    if let Some(keys) = cached(alg) {
        return Ok(keys);
    }
    let sealer = &edge.settings.sealer;
    let published = published(edge).await?.map(|keys| OpenedKeys::new(keys, sealer));
    let mut keys = match published.filter(|keys| signs(keys, alg)) {
        Some(keys) => keys,
        None => tell(edge, &KeyRingCommand::Keys(alg)).await?,
    };
    // If the keys can't be sealed anew now, the next isolate does it. They can be used anyway.
    if let Some(command) = keys.reseal(sealer, now(), &Random) {
        match tell(edge, &command).await {
            Ok(resealed) => keys = resealed,
            Err(error) => platform::log(&format!("sealing the keys anew: {}", error.0)),
        }
    }
    if !signs(&keys, alg) {
        if let Some(keys) = wait_for_replacement(edge, alg).await? {
            return Ok(keys);
        }
        let replaced = replace(edge, alg, &keys).await;
        REPLACING.set(Timestamp(0));
        keys = replaced?;
    }
    keep(keys)
}

fn signs(keys: &OpenedKeys, alg: SigningAlgorithm) -> bool {
    keys.signing_key(alg, now()).is_some()
}

/// The keys that this isolate has, if one of them signs with the algorithm.
fn cached(alg: SigningAlgorithm) -> Option<Rc<OpenedKeys>> {
    KEYS.with_borrow(|cached| {
        let (read_at, keys) = cached.as_ref()?;
        (now() < read_at.plus(CACHE) && signs(keys, alg)).then(|| Rc::clone(keys))
    })
}

fn keep(keys: OpenedKeys) -> Result<Rc<OpenedKeys>, Unavailable> {
    let keys = Rc::new(keys);
    platform::forget_kept().map_err(unavailable)?;
    KEYS.with_borrow_mut(|cached| *cached = Some((now(), Rc::clone(&keys))));
    Ok(keys)
}

/// The keys in KV. They are only a copy of what the key ring stores, so a copy that can't be read counts as none.
async fn published(edge: &Edge) -> Result<Option<KeySet>, Unavailable> {
    let Some(json) = Published::Keys.read(edge).await? else {
        return Ok(None);
    };
    match stored::read(&json) {
        Ok(keys) => Ok(Some(keys)),
        Err(error) => {
            platform::unreadable(&format!("the published keys in KV cannot be read: {error}"));
            Ok(None)
        }
    }
}

/// Waits while another request of this isolate makes a key, because an RS256 key takes a tenth of a second of CPU time.
/// `None` if no such request made a key; then the caller must make one.
async fn wait_for_replacement(
    edge: &Edge,
    alg: SigningAlgorithm,
) -> Result<Option<Rc<OpenedKeys>>, Unavailable> {
    while now() < REPLACING.get() {
        edge.wait_until(Timestamp(now().0.saturating_add(REPLACED_YET))).await?;
    }
    let keys = cached(alg);
    if keys.is_none() {
        REPLACING.set(now().plus(MAKING));
    }
    Ok(keys)
}

/// Makes a key that signs from now on and sends it to the key ring, because the secret has changed and opens none of
/// `keys` for the algorithm. The ring doesn't make it, because its object may still run with the other secret.
async fn replace(
    edge: &Edge,
    alg: SigningAlgorithm,
    keys: &OpenedKeys,
) -> Result<OpenedKeys, Unavailable> {
    platform::unreadable(&format!(
        "no {} key can be opened with this VESTIBULE_SECRET, so a new key signs from now on",
        alg.as_str()
    ));
    let pair = generate(&edge.settings.sealer, alg).await?;
    let keys = tell(edge, &keys.replacement(pair, now())).await?;
    if signs(&keys, alg) {
        Ok(keys)
    } else {
        Err(Unavailable::new("the key ring has other keys, sealed with another VESTIBULE_SECRET"))
    }
}

/// Makes a key pair and seals its private half.
pub async fn generate(sealer: &Sealer, alg: SigningAlgorithm) -> Result<KeyPair, Unavailable> {
    let ([first, second], private) = platform::generate_key(alg.as_str()).await?;
    let public = match alg {
        SigningAlgorithm::ES256 => PublicKey::Ec { crv: "P-256".to_owned(), x: first, y: second },
        SigningAlgorithm::RS256 => PublicKey::Rsa { n: first, e: second },
    };
    let nonce = entropy::bytes(&Random);
    let sealed_private =
        sealer.seal(Purpose::SigningKey, &private, nonce).map_err(Unavailable::new)?;
    Ok(KeyPair { public: Jwk::new(public, alg), sealed_private, superseded: None })
}

/// The public keys that verify an old `id_token_hint`. The isolate keeps them for ten minutes, so hints with
/// unknown keys cause one read of KV in that time.
pub async fn hint_keys(edge: &Edge) -> Result<Rc<HintKeys>, Unavailable> {
    let now = now();
    let cached = HINT_KEYS.with_borrow(|cached| {
        let (until, keys) = cached.as_ref()?;
        (now < *until).then(|| Rc::clone(keys))
    });
    if let Some(keys) = cached {
        return Ok(keys);
    }
    let (keys, kept_for) = match Published::HintKeys.read(edge).await? {
        None => (HintKeys::default(), NO_HINT_KEYS),
        Some(json) => match stored::read(&json) {
            Ok(keys) => (keys, CACHE),
            Err(error) => {
                let message = format!("the hint keys in KV cannot be read: {error}");
                platform::unreadable(&message);
                return Err(Unavailable(message));
            }
        },
    };
    let keys = Rc::new(keys);
    let until = now.plus(kept_for);
    HINT_KEYS.with_borrow_mut(|cached| *cached = Some((until, Rc::clone(&keys))));
    Ok(keys)
}

/// Sends a command to the key ring; returns its keys.
async fn tell(edge: &Edge, command: &KeyRingCommand) -> Result<OpenedKeys, Unavailable> {
    let command = serde_json::to_string(command).map_err(Unavailable::new)?;
    let address = Address::Name(NAME.to_owned());
    let answer = edge.send(Class::KeyRing, &address, command, MAKING).await?;
    let answer = answer.ok_or_else(|| Unavailable::new("the key ring has no object"))?;
    let reply: Result<KeySet, KeyRingError> =
        serde_json::from_str(&answer).map_err(Unavailable::new)?;
    Ok(OpenedKeys::new(reply.map_err(Unavailable::new)?, &edge.settings.sealer))
}

/// Imports a private key, unless this isolate holds it.
pub async fn import(edge: &Edge, pair: &KeyPair) -> Result<(), Unavailable> {
    let kid = &pair.public.kid;
    if platform::holds_private_key(kid) {
        return Ok(());
    }
    let opened = pair.open(&edge.settings.sealer).map_err(|_| {
        Unavailable::new("the signing key was sealed with another VESTIBULE_SECRET")
    })?;
    platform::import_private_key(kid, pair.public.alg.as_str(), &opened.plain).await
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
