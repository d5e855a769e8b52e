//! The deployment's secret changes: with the previous one nothing is lost; without it, a new key signs at once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vestibule::domain::entropy;
use vestibule::domain::key_ring::{
    HintKeys, KeyPair, KeyRing, KeyRingWants, KeySet, Keys, MAX_KEYS, Made, OpenedKeys,
    PUBLISHED_AFTER, SUPERSEDED_FOR, TOKENS_LIVE, Wake,
};
use vestibule::domain::machine::{Before, Command, Effect, Machine, Next};
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::jose::seal::Sealer;
use vestibule::protocol::client_metadata::SigningAlgorithm::{self, ES256, RS256};
use vestibule::tenant::{Purpose, Tenant};

use crate::support::{START, SeededEntropy};

/// The ring's object, KV, and how many keys were made.
struct Storage {
    state: Option<<KeyRing as Machine>::State>,
    now: Timestamp,
    made: u32,
    kv: KeySet,
    hint_keys: HintKeys,
    entropy: std::rc::Rc<SeededEntropy>,
    /// The secrets of the version that hosts the ring's object.
    host: Sealer,
}

fn secret(name: char) -> String {
    format!("the secret {name} of a deployment in a test")
}

/// A deployment with these secrets: the current one and optionally the previous one.
pub fn deployment(names: &str) -> Sealer {
    let mut names = names.chars();
    let sealer = Sealer::new(&Tenant::ONLY, &secret(names.next().unwrap())).unwrap();
    match names.next() {
        Some(previous) => sealer.with_previous(&secret(previous)).unwrap(),
        None => sealer,
    }
}

impl Storage {
    fn new(host: &str) -> Self {
        Self {
            state: None,
            now: START,
            made: 0,
            kv: KeySet::default(),
            hint_keys: HintKeys::default(),
            entropy: SeededEntropy::new(),
            host: deployment(host),
        }
    }

    fn generate(&mut self, sealer: &Sealer, alg: SigningAlgorithm) -> KeyPair {
        self.made += 1;
        let x = format!("{alg:?}{}", self.made).into_bytes();
        let (curve, x, y) = ("P-256".into(), x.into(), Vec::new().into());
        let key = JsonWebKey::EllipticCurve { curve, x, y, secret: None };
        let nonce = entropy::bytes(&*self.entropy);
        let sealed_private = sealer.seal(Purpose::SigningKey, b"private", nonce).unwrap();
        KeyPair { public: Jwk::new(&key, alg), sealed_private, superseded: None }
    }

    /// The ring handles a command, and the version that hosts it performs the effects.
    fn tell(&mut self, command: impl Command<Machine = KeyRing, Reply = KeySet>) -> Option<KeySet> {
        let before = Before { state: self.state.clone(), rows: BTreeMap::new() };
        let step = command.decide(before, self.now, &*self.entropy);
        if let Next::Written(ring) = step.change.next {
            self.state = Some(ring);
        }
        let mut reply = step.reply.ok();
        for effect in step.change.effects {
            match effect {
                Effect::Own(KeyRingWants::GenerateKey(alg)) => {
                    let pair = self.generate(&self.host.clone(), alg);
                    reply = self.tell(Made(pair)).or(reply);
                }
                Effect::Own(KeyRingWants::PublishKeys(keys)) => self.kv = keys,
                Effect::Own(KeyRingWants::PublishHintKeys(keys)) => self.hint_keys = keys,
                _ => panic!("the ring asks nobody else"),
            }
        }
        reply
    }

    /// An isolate of a deployment reads the keys, like `host/signing_keys/`. `kv` is its view of KV, which may be older
    /// elsewhere.
    fn read_from(&mut self, kv: KeySet, sealer: &Sealer, alg: SigningAlgorithm) -> OpenedKeys {
        let signs = |keys: &OpenedKeys, now| keys.signing_key(alg, now).is_some();
        let mut keys = OpenedKeys::new(kv, sealer);
        if !signs(&keys, self.now) {
            keys = OpenedKeys::new(self.tell(Keys(alg)).unwrap(), sealer);
        }
        if let Some(command) = keys.reseal(sealer, self.now, &*self.entropy.clone()) {
            keys = OpenedKeys::new(self.tell(command).unwrap(), sealer);
        }
        if !signs(&keys, self.now) {
            let pair = self.generate(sealer, alg);
            let command = keys.replacement(pair);
            keys = OpenedKeys::new(self.tell(command).unwrap(), sealer);
        }
        keys
    }

    fn read(&mut self, sealer: &Sealer, alg: SigningAlgorithm) -> OpenedKeys {
        self.read_from(self.kv.clone(), sealer, alg)
    }

    /// The `kid` with which a deployment signs.
    fn signs(&mut self, names: &str, alg: SigningAlgorithm) -> String {
        let keys = self.read(&deployment(names), alg);
        keys.signing_key(alg, self.now).unwrap().public.kid.clone()
    }

    fn advance(&mut self, seconds: Seconds) {
        self.now = self.now.plus(seconds);
        while let Some(due) = self.state.as_ref().and_then(KeyRing::wakes_at) {
            if due > self.now {
                break;
            }
            self.tell(Wake);
        }
    }
}

#[test]
fn a_new_secret_signs_at_once_with_a_fresh_key_and_old_tokens_still_verify() {
    for alg in [ES256, RS256] {
        let mut storage = Storage::new("a");
        let old = storage.signs("a", alg);
        let until =
            storage.kv.keys.iter().find(|key| key.pair.public.kid == old).unwrap().published_until;
        storage.advance(Seconds(3600));
        storage.host = deployment("b");
        let new = storage.signs("b", alg);
        assert_ne!(new, old);
        // Unchanged: an access token is valid for a day at most.
        let kept = storage.kv.keys.iter().find(|key| key.pair.public.kid == old).unwrap();
        assert_eq!(kept.published_until, until);
        assert!(until > storage.now.plus(PUBLISHED_AFTER));
        assert!(storage.hint_keys.find(&old, storage.now).is_some());
        assert_eq!(storage.signs("b", alg), new, "it is not replaced again");
        (0..31).for_each(|_| storage.advance(Seconds(86_400)));
        let next = storage.signs("b", alg);
        assert_ne!(next, new, "the new key rotates");
        assert!(storage.kv.find(&new, storage.now).is_some());
    }
}

#[test]
fn a_scheduled_key_that_cannot_be_opened_does_not_take_over() {
    let mut storage = Storage::new("a");
    storage.signs("a", ES256);
    // The next key is published but has not started to sign.
    storage.advance(Seconds(29 * 86_400));
    let of_a: BTreeSet<String> =
        storage.kv.keys.iter().map(|key| key.pair.public.kid.clone()).collect();
    storage.host = deployment("b");
    let new = storage.signs("b", ES256);
    for _ in 0..20 {
        storage.advance(Seconds(86_400));
        assert_eq!(storage.signs("b", ES256), new);
    }
    assert!(!of_a.contains(&new));
}

#[test]
fn two_isolates_that_can_open_no_key_create_one_key() {
    let mut storage = Storage::new("a");
    storage.signs("a", ES256);
    let (b, stale) = (deployment("b"), storage.kv.clone());
    let seen = OpenedKeys::new(stale.clone(), &b);
    let first = storage.read_from(stale.clone(), &b, ES256);
    let kid = |keys: &OpenedKeys, now| keys.signing_key(ES256, now).unwrap().public.kid.clone();
    // The other one decided before it could see the first one's key.
    let pair = storage.generate(&b, ES256);
    let command = seen.replacement(pair);
    let second = OpenedKeys::new(storage.tell(command).unwrap(), &b);
    assert_eq!(kid(&first, storage.now), kid(&second, storage.now));
    // A third one reads an older copy, but the ring has a key for it, so none is created.
    let made = storage.made;
    let third = storage.read_from(stale, &b, ES256);
    assert_eq!((kid(&third, storage.now), storage.made), (kid(&first, storage.now), made));
}

#[test]
fn with_the_previous_secret_the_same_key_signs_and_is_sealed_again() {
    for alg in [ES256, RS256] {
        let mut storage = Storage::new("a");
        let kid = storage.signs("a", alg);
        storage.host = deployment("ba");
        assert_eq!(storage.signs("ba", alg), kid);
        assert_eq!(storage.signs("b", alg), kid, "the previous secret is needed no more");
        assert_eq!(storage.made, 2, "one for each algorithm");
    }
}

#[test]
fn a_scheduled_key_is_sealed_again_too() {
    let mut storage = Storage::new("a");
    let old = storage.signs("a", ES256);
    storage.advance(Seconds(29 * 86_400));
    storage.signs("ba", ES256);
    storage.host = deployment("b");
    storage.advance(Seconds(2 * 86_400));
    let made = storage.made;
    assert_ne!(storage.signs("b", ES256), old, "the scheduled key signs");
    assert_eq!(storage.made, made);
}

#[test]
fn in_a_gradual_deployment_both_versions_sign_with_the_same_key() {
    let mut storage = Storage::new("a");
    let kid = storage.signs("a", ES256);
    let made = storage.made;
    for version in ["ba", "a", "ba", "b", "a", "ab", "ba"] {
        assert_eq!(storage.signs(version, ES256), kid, "{version}");
    }
    assert_eq!(storage.made, made);
    // What was sealed with the old secret is kept for a day, and no longer.
    storage.advance(SUPERSEDED_FOR);
    assert!(storage.kv.keys.iter().all(|key| key.pair.superseded.is_none()));
    assert_ne!(storage.signs("a", ES256), kid);
}

#[test]
fn two_versions_with_different_secrets_do_not_keep_replacing_each_others_keys() {
    let mut storage = Storage::new("a");
    let of_a = storage.signs("a", ES256);
    let of_b = storage.signs("b", ES256);
    let made = storage.made;
    for _ in 0..20 {
        storage.advance(Seconds(3600));
        assert_eq!(storage.signs("a", ES256), of_a);
        assert_eq!(storage.signs("b", ES256), of_b);
    }
    assert_eq!(storage.made, made);
}

#[test]
fn a_new_secret_with_each_deployment_does_not_fill_the_ring() {
    let mut storage = Storage::new("a");
    let mut signed = Vec::new();
    for name in ('a'..='z').chain('A'..='Z') {
        signed.push(storage.signs(&name.to_string(), ES256));
        signed.push(storage.signs(&name.to_string(), RS256));
        storage.advance(Seconds(3600));
        for (age, kid) in signed.iter().rev().take(80).enumerate() {
            let is_published = storage.kv.find(kid, storage.now).is_some();
            assert_eq!(is_published, age < 2 * MAX_KEYS);
            assert!(is_published || storage.hint_keys.find(kid, storage.now).is_some());
        }
    }
    for alg in [ES256, RS256] {
        let keys = storage.kv.keys.iter().filter(|key| key.pair.public.alg == alg);
        assert!(keys.count() <= MAX_KEYS);
    }
    assert!(storage.hint_keys.0.len() <= 100);
}

#[test]
fn a_damaged_seal_stops_nothing() {
    let mut storage = Storage::new("a");
    let kid = storage.signs("a", ES256);
    // Only the copy in KV is damaged.
    let mut damaged = storage.kv.clone();
    for key in &mut damaged.keys {
        key.pair.sealed_private.insert(0, 'A');
    }
    let made = storage.made;
    let keys = storage.read_from(damaged, &deployment("a"), ES256);
    assert_eq!(keys.signing_key(ES256, storage.now).unwrap().public.kid, kid);
    assert_eq!(storage.made, made);
}

#[test]
fn keys_of_an_earlier_version_are_read() {
    let mut storage = Storage::new("a");
    let kid = storage.signs("a", ES256);
    let json = serde_json::to_string(&storage.kv).unwrap();
    assert!(!json.contains("superseded"), "an earlier version finds what it wrote");
    let keys: KeySet = serde_json::from_str(&json).unwrap();
    let keys = OpenedKeys::new(keys, &deployment("a"));
    assert_eq!(keys.signing_key(ES256, storage.now).unwrap().public.kid, kid);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..<_>::default() })]

    /// For all orders of secrets, and with any version hosting the ring.
    #[test]
    fn somebody_always_signs_and_what_was_signed_verifies_for_a_day(
        steps in prop::collection::vec((0_usize..6, 0_usize..6, 1_u32..200_000, any::<bool>()), 1..60),
    ) {
        let versions = ["a", "ba", "b", "ab", "cb", "c"];
        let mut storage = Storage::new("a");
        let mut last_signed: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (version, host, seconds, is_stale) in steps {
            storage.host = deployment(versions[host]);
            let stale = storage.kv.clone();
            storage.advance(Seconds(seconds));
            let sealer = deployment(versions[version]);
            let keys = match is_stale {
                true => storage.read_from(stale, &sealer, ES256),
                false => storage.read(&sealer, ES256),
            };
            let pair = keys.signing_key(ES256, storage.now);
            prop_assert!(pair.is_some(), "nobody signs");
            prop_assert!(pair.unwrap().open(&sealer).is_ok());
            last_signed.insert(pair.unwrap().public.kid.clone(), storage.now);
            for (kid, signed) in &last_signed {
                let is_published = storage.kv.find(kid, storage.now).is_some();
                let is_due = storage.now < signed.plus(TOKENS_LIVE);
                let is_full = storage.kv.keys.len() >= MAX_KEYS;
                prop_assert!(is_published || !is_due || is_full, "{kid} is gone too early");
            }
            prop_assert!(storage.kv.keys.len() <= 2 * MAX_KEYS);
        }
    }
}
