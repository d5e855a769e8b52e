//! What one isolate caches of the signing keys. Losing it costs only reads.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::domain::key_ring::{CACHED_FOR, HintKeys, OpenedKeys};
use crate::domain::time::{Seconds, Timestamp};

/// How many verified signatures an isolate remembers.
const MAX_VERIFIED: usize = 2000;

/// The cache of one isolate, shared by its requests.
#[derive(Debug, Default)]
pub struct KeyCache {
    /// The keys, and when they were read.
    keys: RefCell<Option<(Timestamp, Rc<OpenedKeys>)>>,
    /// The hint keys, when they were read, and how long they are kept.
    hint_keys: RefCell<Option<(Timestamp, Seconds, Rc<HintKeys>)>>,
    /// The digests of a key, an input and a signature that was verified.
    verified: RefCell<BTreeSet<[u8; 32]>>,
    /// How many requests have begun to create a key, and which of them is creating one now.
    makers: Cell<u64>,
    maker: Cell<Option<u64>>,
}

impl KeyCache {
    pub(super) fn keys(&self, now: Timestamp) -> Option<Rc<OpenedKeys>> {
        let cached = self.keys.borrow();
        let (read_at, keys) = cached.as_ref()?;
        now.is_within(CACHED_FOR, *read_at).then(|| Rc::clone(keys))
    }

    pub(super) fn keep_keys(&self, keys: &Rc<OpenedKeys>, now: Timestamp) {
        *self.keys.borrow_mut() = Some((now, Rc::clone(keys)));
    }

    pub(super) fn hint_keys(&self, now: Timestamp) -> Option<Rc<HintKeys>> {
        let cached = self.hint_keys.borrow();
        let (read_at, kept_for, keys) = cached.as_ref()?;
        now.is_within(*kept_for, *read_at).then(|| Rc::clone(keys))
    }

    pub(super) fn keep_hint_keys(&self, keys: &Rc<HintKeys>, now: Timestamp, kept_for: Seconds) {
        *self.hint_keys.borrow_mut() = Some((now, kept_for, Rc::clone(keys)));
    }

    pub(super) fn is_verified(&self, digest: &[u8; 32]) -> bool {
        self.verified.borrow().contains(digest)
    }

    pub(super) fn keep_verified(&self, digest: [u8; 32]) {
        let mut verified = self.verified.borrow_mut();
        if verified.len() >= MAX_VERIFIED {
            verified.clear();
        }
        verified.insert(digest);
    }

    /// The request that is creating a key, if there is one.
    pub(super) fn maker(&self) -> Option<u64> {
        self.maker.get()
    }
}

/// Marks a request as the one that creates a key, until it has one, failed, or was abandoned.
pub(super) struct Maker<'a> {
    cache: &'a KeyCache,
    number: u64,
}

impl<'a> Maker<'a> {
    pub(super) fn begin(cache: &'a KeyCache) -> Self {
        let number = cache.makers.get().wrapping_add(1);
        cache.makers.set(number);
        cache.maker.set(Some(number));
        Self { cache, number }
    }
}

impl Drop for Maker<'_> {
    fn drop(&mut self) {
        // Another request may have taken over in the meantime.
        if self.cache.maker.get() == Some(self.number) {
            self.cache.maker.set(None);
        }
    }
}
