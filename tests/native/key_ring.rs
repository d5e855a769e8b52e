//! Rotation of the signing keys.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vestibule::domain::key_ring::{
    HintKeys, KeyPair, KeyRing, KeyRingError, KeyRingWants, KeySet, Keys, Made, PUBLISHED_BEFORE,
    RECOGNIZED_AFTER, Wake,
};
use vestibule::domain::machine::{Before, Command, Effect, Machine, Next};
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::jose::jwk::{JsonWebKey, Jwk};
use vestibule::protocol::client_metadata::SigningAlgorithm::{self, ES256, RS256};

use crate::support::{START, SeededEntropy};

struct Ring {
    state: Option<<KeyRing as Machine>::State>,
    now: Timestamp,
    made: u32,
    published: KeySet,
    hint_keys: HintKeys,
}

impl Ring {
    fn new() -> Self {
        Self {
            state: None,
            now: START,
            made: 0,
            published: KeySet::default(),
            hint_keys: HintKeys::default(),
        }
    }

    fn send(
        &mut self,
        command: impl Command<Machine = KeyRing, Reply = KeySet, Error = KeyRingError>,
    ) -> (Result<KeySet, KeyRingError>, Vec<Effect<KeyRingWants>>) {
        let before = Before { state: self.state.clone(), rows: BTreeMap::new() };
        let step = command.decide(before, self.now, &*SeededEntropy::new());
        if let Next::Written(ring) = step.change.next {
            self.state = Some(ring);
        }
        (step.reply, step.change.effects)
    }

    /// Performs the effects, as the edge does.
    fn settle(&mut self, effects: Vec<Effect<KeyRingWants>>) {
        for effect in effects {
            match effect {
                Effect::Own(KeyRingWants::GenerateKey(alg)) => {
                    let (_, effects) = self.send(Made(self.pair(alg)));
                    self.made += 1;
                    self.settle(effects);
                }
                Effect::Own(KeyRingWants::PublishKeys(keys)) => self.published = keys,
                Effect::Own(KeyRingWants::PublishHintKeys(keys)) => self.hint_keys = keys,
                _ => panic!("the ring asks nobody else"),
            }
        }
    }

    fn pair(&self, alg: SigningAlgorithm) -> KeyPair {
        let x = format!("{alg:?}{}", self.made).into_bytes();
        let (curve, x, y) = ("P-256".into(), x.into(), Vec::new().into());
        let key = JsonWebKey::EllipticCurve { curve, x, y, secret: None };
        KeyPair { public: Jwk::new(&key, alg), sealed_private: String::new(), superseded: None }
    }

    fn keys(&mut self, alg: SigningAlgorithm) -> KeySet {
        let (reply, effects) = self.send(Keys(alg));
        self.settle(effects);
        reply.unwrap_or_else(|_| self.send(Keys(alg)).0.unwrap())
    }

    fn wake(&mut self) {
        let due = self.state.as_ref().and_then(KeyRing::wakes_at);
        if due.is_some_and(|moment| moment <= self.now) {
            let (_, effects) = self.send(Wake);
            self.settle(effects);
        }
    }
}

/// The key that signs, if all of them can be opened.
fn signing_key(keys: &KeySet, alg: SigningAlgorithm, now: Timestamp) -> Option<&KeyPair> {
    keys.signing_key(alg, now, |_| true).map(|key| &key.pair)
}

#[test]
fn the_first_key_is_made_on_first_use_and_once_however_many_ask() {
    let mut ring = Ring::new();
    let (first, effects) = ring.send(Keys(ES256));
    assert_eq!(first, Err(KeyRingError::Making));
    // A key that signs as soon as it is created must be in every key set from the start, so both are requested at once.
    assert_eq!(effects, [ES256, RS256].map(|alg| Effect::Own(KeyRingWants::GenerateKey(alg))));
    let (second, none) = ring.send(Keys(ES256));
    assert_eq!((second, none), (Err(KeyRingError::Making), Vec::new()));
    ring.settle(effects);
    assert!(signing_key(&ring.keys(ES256), ES256, ring.now).is_some());
}

#[test]
fn a_key_that_did_not_arrive_is_requested_again() {
    let mut ring = Ring::new();
    let _ = ring.send(Keys(ES256));
    ring.now = ring.now.plus(Seconds(21));
    let (_, effects) = ring.send(Keys(ES256));
    assert_eq!(effects, [ES256, RS256].map(|alg| Effect::Own(KeyRingWants::GenerateKey(alg))));
}

#[test]
fn the_ring_publishes_missing_keys_again_at_most_once_a_minute() {
    let mut ring = Ring::new();
    let keys = ring.keys(ES256);
    let again = [
        Effect::Own(KeyRingWants::PublishHintKeys(HintKeys::default())),
        Effect::Own(KeyRingWants::PublishKeys(keys.clone())),
    ];
    let kind = |effect: &Effect<KeyRingWants>| match effect {
        Effect::Own(own) => std::mem::discriminant(own),
        Effect::Send(_) | Effect::Record(_) => panic!("the ring sends no commands"),
    };
    let kinds = |effects: &[_]| effects.iter().map(kind).collect::<Vec<_>>();
    // KV shows them everywhere within a minute.
    let (_, effects) = ring.send(Keys(ES256));
    assert_eq!(effects, []);
    ring.now = ring.now.plus(Seconds(60));
    let (reply, effects) = ring.send(Keys(ES256));
    assert_eq!((reply, kinds(&effects)), (Ok(keys.clone()), kinds(&again)));
    assert_eq!(effects[1], Effect::Own(KeyRingWants::PublishKeys(keys)));
    let (_, effects) = ring.send(Keys(RS256));
    assert_eq!(effects, []);
}

#[test]
fn the_first_caller_after_an_upgrade_has_the_keys_and_the_hint_keys_published() {
    let mut ring = Ring::new();
    let keys = ring.keys(ES256);
    for _ in 0..40 {
        ring.now = ring.now.plus(Seconds(86_400));
        ring.wake();
    }
    let mut stored = serde_json::to_value(ring.state.take().unwrap()).unwrap();
    stored.as_object_mut().unwrap().remove("published_at").unwrap();
    ring.state = Some(serde_json::from_value(stored).unwrap());
    let (published, hint_keys) = (ring.published.clone(), ring.hint_keys.clone());
    (ring.published, ring.hint_keys) = (KeySet::default(), HintKeys::default());
    let (reply, effects) = ring.send(Keys(ES256));
    ring.settle(effects);
    assert_eq!((reply, &ring.published), (Ok(published.clone()), &published));
    assert_eq!(ring.hint_keys, hint_keys);
    let first = &keys.keys[0].pair.public.kid;
    assert!(published.find(first, ring.now).is_none() && hint_keys.find(first, ring.now).is_some());
}

#[test]
fn each_algorithm_has_a_key_of_its_own() {
    let mut ring = Ring::new();
    ring.keys(ES256);
    let keys = ring.keys(RS256);
    assert_eq!(keys.keys.len(), 2);
    assert_ne!(signing_key(&keys, RS256, ring.now), signing_key(&keys, ES256, ring.now));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..<_>::default() })]

    /// For all alarm times, even late ones.
    #[test]
    fn a_key_is_published_before_it_signs_and_until_its_last_token_expired(
        steps in prop::collection::vec(1_u32..400_000, 50..200),
    ) {
        let mut ring = Ring::new();
        ring.keys(ES256);
        let mut first_published: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut last_signed: BTreeMap<String, Timestamp> = BTreeMap::new();
        for step in steps {
            let published = ring.published.clone();
            for key in &published.keys {
                first_published.entry(key.pair.public.kid.clone()).or_insert(ring.now);
            }
            let signs = signing_key(&published, ES256, ring.now).expect("a key signs").public.kid.clone();
            if first_published[&signs] > START {
                let known_for = ring.now.0 - first_published[&signs].0;
                prop_assert!(known_for >= i64::from(PUBLISHED_BEFORE.0) * 1000 - 400_000_000);
            }
            last_signed.insert(signs, ring.now);
            for (kid, signed) in &last_signed {
                // RP-Initiated Logout §2: an ID token remains a hint, however old its key is.
                let is_hint = published.find(kid, ring.now).is_some()
                    || ring.hint_keys.find(kid, ring.now).is_some();
                prop_assert!(is_hint || ring.now > signed.plus(RECOGNIZED_AFTER), "{kid}");
                if ring.now <= signed.plus(Seconds(86_400)) {
                    prop_assert!(published.find(kid, ring.now).is_some(), "{kid} is gone too early");
                }
            }
            ring.now = ring.now.plus(Seconds(step));
            ring.wake();
        }
        prop_assert!(ring.published.keys.len() <= 4);
        prop_assert!(ring.hint_keys.0.len() <= 2 * 16, "one for each algorithm and month");
    }
}

#[test]
fn a_key_in_time_is_published_two_days_before_it_signs() {
    let mut ring = Ring::new();
    ring.keys(ES256);
    for _ in 0..(24 * 100) {
        ring.now = ring.now.plus(Seconds(3600));
        ring.wake();
        for key in ring.published.keys.iter().skip(1) {
            if key.signs_from > START {
                let index = ring.published.keys.iter().position(|k| k == key).unwrap();
                let before = &ring.published.keys[index - 1];
                assert!(before.published_until > key.signs_from, "the keys overlap");
            }
        }
    }
    assert!(ring.made >= 3, "the ring rotated");
    assert!(signing_key(&ring.published, ES256, ring.now).is_some());
}
