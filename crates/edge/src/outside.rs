//! The outside, for one request.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use worker::Env;

use super::platform;
use super::{memory, turns};
use vestibule::endpoints::settings::Settings;
use vestibule::host::KeyCache;
use vestibule::ports::Ports;
use vestibule::tenant::Tenant;

thread_local! {
    // The signing keys that this isolate remembers, by tenant.
    static KEY_CACHES: RefCell<BTreeMap<Tenant, Rc<KeyCache>>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// The outside, for one request.
pub struct Edge {
    pub(super) env: Env,
    pub(super) settings: Rc<Settings>,
    pub(super) object_calls: Cell<u32>,
    pub(super) kv_reads: Cell<u32>,
    pub(super) kv_writes: Cell<u32>,
    pub(super) key_cache: Rc<KeyCache>,
}

impl Edge {
    pub fn new(env: Env, settings: Rc<Settings>) -> Self {
        let none = || Cell::new(0);
        let (object_calls, kv_reads, kv_writes) = (none(), none(), none());
        let key_cache = key_cache_of(&settings.tenant);
        Self { env, settings, object_calls, kv_reads, kv_writes, key_cache }
    }

    /// All of the outside.
    pub fn ports(&self) -> Ports<'_> {
        Ports {
            clock: self,
            timer: self,
            entropy: self,
            objects: self,
            clients: self,
            signer: self,
            http: self,
            events: self,
            log: self,
        }
    }

    /// What the request cost, how many other tasks wait in this isolate, how many bytes the wasm memory
    /// has, and what the isolate has cost so far, as a Server-Timing header: for development and
    /// tests.
    pub fn counts(&self) -> String {
        let (tasks, memory) = (turns::waiting(), memory::linear());
        format!(
            "objects;desc=\"{}\", kv-reads;desc=\"{}\", kv-writes;desc=\"{}\", \
             tasks;desc=\"{tasks}\", memory;desc=\"{memory}\", {}",
            self.object_calls.get(),
            self.kv_reads.get(),
            self.kv_writes.get(),
            platform::totals()
        )
    }
}

fn key_cache_of(tenant: &Tenant) -> Rc<KeyCache> {
    KEY_CACHES.with_borrow_mut(|caches| match caches.get(tenant) {
        Some(cache) => Rc::clone(cache),
        None => Rc::clone(caches.entry(tenant.clone()).or_default()),
    })
}

pub(super) fn count(counter: &Cell<u32>) {
    counter.set(counter.get().saturating_add(1));
}
