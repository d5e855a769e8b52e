//! A cache that is bounded by bytes. Knows no platform, so that it is tested natively
//! (`tests/native/cache.rs`).
//!
//! Entries live in two generations. When the young one has half of the bytes it becomes the old one, whose
//! entries go unless they are used meanwhile. It does without a crate: `quick_cache` does the same for 3 KiB
//! of the bundle.

use std::collections::HashMap;

struct Entry<V> {
    bytes: usize,
    value: V,
}

struct Generation<V> {
    entries: HashMap<String, Entry<V>>,
    bytes: usize,
}

impl<V> Default for Generation<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), bytes: 0 }
    }
}

impl<V> Generation<V> {
    fn take(&mut self, key: &str) -> Option<Entry<V>> {
        let entry = self.entries.remove(key)?;
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        Some(entry)
    }
}

/// Values by key, of at most so many bytes in all.
pub struct Cache<V> {
    max_bytes: usize,
    young: Generation<V>,
    old: Generation<V>,
}

impl<V> Cache<V> {
    /// An empty one.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, young: Generation::default(), old: Generation::default() }
    }

    /// The value of a key.
    pub fn get(&mut self, key: &str) -> Option<&V> {
        if let Some(entry) = self.old.take(key) {
            self.insert(key, entry.bytes, entry.value);
        }
        self.young.entries.get(key).map(|entry| &entry.value)
    }

    /// Keeps a value that takes so many bytes; not one that would drive out half of the others.
    pub fn insert(&mut self, key: &str, bytes: usize, value: V) {
        self.remove(key);
        let half = self.max_bytes.div_euclid(2);
        if bytes > half {
            return;
        }
        if self.young.bytes.saturating_add(bytes) > half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes = self.young.bytes.saturating_add(bytes);
        self.young.entries.insert(key.to_owned(), Entry { bytes, value });
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &str) {
        self.young.take(key);
        self.old.take(key);
    }
}
