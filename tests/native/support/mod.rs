//! The outside world, in memory.

pub mod browser;
pub mod fuse;
pub mod internet;
pub mod objects;
pub mod provider;
pub mod recorder;
pub mod signer;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use vestibule::domain::client::Client;
use vestibule::domain::entropy::Entropy;
use vestibule::domain::machine::Address;
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::endpoints::settings::Settings;
use vestibule::jose::seal::Sealer;
use vestibule::ports::{ClientRegistry, Clock, Log, Ports, Timer, Unavailable};

use self::fuse::Fuse;
use self::internet::Internet;
use self::objects::{Memory, Surroundings};
use self::signer::{Keys, PortableSigner};

/// The address with this name, as it is read from what is stored.
pub fn by_name(name: &str) -> Address {
    Address::Name(serde_json::from_value(name.into()).unwrap())
}

/// The time at which the clock starts.
pub const START: Timestamp = Timestamp(1_800_000_000_000);

/// A clock that stands still until the test moves it.
pub struct TestClock(Cell<Timestamp>);

impl TestClock {
    pub fn new() -> Rc<Self> {
        Rc::new(Self(Cell::new(START)))
    }

    pub fn advance(&self, seconds: u32) {
        self.0.set(self.0.get().plus(Seconds(seconds)));
    }

    /// Sets the clock back.
    pub fn set_back(&self, seconds: u32) {
        self.0.set(self.0.get().minus(Seconds(seconds)));
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

/// Records the times for which callers wait, and returns at once.
#[derive(Default)]
pub struct TestTimer(pub RefCell<Vec<Timestamp>>);

#[async_trait(?Send)]
impl Timer for TestTimer {
    async fn wait_until(&self, moment: Timestamp) -> Result<(), Unavailable> {
        self.0.borrow_mut().push(moment);
        Ok(())
    }
}

/// Randomness that is the same in every run.
pub struct SeededEntropy(Cell<u64>);

impl SeededEntropy {
    /// How many blocks of 32 bytes were drawn since the start.
    pub fn drawn(&self) -> u64 {
        self.0.get()
    }

    pub fn new() -> Rc<Self> {
        Rc::new(Self(Cell::new(0)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::digest(self.0.get().to_be_bytes());
            self.0.set(self.0.get() + 1);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A registry in a map.
#[derive(Default)]
pub struct MemoryRegistry {
    fuse: Rc<Fuse>,
    held: RefCell<BTreeMap<String, Client>>,
    /// Whether writes fail, as in KV after too many writes to one key.
    pub fails: Cell<bool>,
}

impl MemoryRegistry {
    pub fn get(&self, client_id: &str) -> Option<Client> {
        self.held.borrow().get(client_id).cloned()
    }

    /// How many clients there are.
    pub fn count(&self) -> usize {
        self.held.borrow().len()
    }

    /// Hides every client, as KV does before it shows a recent write.
    pub fn remove_all(&self) {
        self.held.borrow_mut().clear();
    }

    pub fn set(&self, client_id: &str, client: Option<&Client>) -> Result<(), Unavailable> {
        if self.fails.get() {
            return Err(Unavailable::new("too many writes"));
        }
        match client {
            Some(client) => {
                let value = serde_json::to_value(client).expect("a client is JSON");
                recorder::kv("client", &format!("client:{client_id}"), &value);
                self.held.borrow_mut().insert(client_id.to_owned(), client.clone())
            }
            None => self.held.borrow_mut().remove(client_id),
        };
        Ok(())
    }
}

#[async_trait(?Send)]
impl ClientRegistry for MemoryRegistry {
    async fn find(&self, client_id: &str) -> Result<Option<Client>, Unavailable> {
        Ok(self.get(client_id))
    }

    async fn put(&self, client: &Client) -> Result<(), Unavailable> {
        self.fuse.survive().await;
        self.set(&client.client_id, Some(client))
    }

    async fn remove(&self, client_id: &str) -> Result<(), Unavailable> {
        self.fuse.survive().await;
        self.set(client_id, None)
    }

    fn forget(&self, _: &str) {}
}

/// Stores the logged errors and events.
#[derive(Default)]
pub struct MemoryLog(pub RefCell<Vec<String>>, pub RefCell<Vec<String>>);

impl Log for MemoryLog {
    fn error(&self, message: &str) {
        self.0.borrow_mut().push(message.to_owned());
    }

    fn event(&self, line: &str) {
        self.1.borrow_mut().push(line.to_owned());
    }

    fn unreadable(&self, message: &str) {
        self.error(message);
    }
}

/// A whole deployment in memory.
pub struct World {
    pub clock: Rc<TestClock>,
    pub timer: TestTimer,
    pub entropy: Rc<SeededEntropy>,
    pub objects: Rc<Memory>,
    pub clients: Rc<MemoryRegistry>,
    pub keys: Rc<Keys>,
    pub signer: PortableSigner,
    pub log: Rc<MemoryLog>,
    pub internet: Rc<Internet>,
    pub settings: Settings,
    /// When the process dies.
    pub fuse: Rc<Fuse>,
}

impl World {
    /// A deployment with these settings in addition to those of development.
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let lookup = |name: &str| {
            let set = settings.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            let default = (name == "ENVIRONMENT").then_some("development");
            set.or(default).map(String::from)
        };
        let clock = TestClock::new();
        let entropy = SeededEntropy::new();
        let names: Vec<_> = settings.iter().map(|(name, _)| *name).collect();
        let settings = Settings::read(&names, &lookup).expect("the settings are right");
        let fuse = Rc::new(Fuse::default());
        let internet = Rc::new(Internet::new(Rc::clone(&fuse)));
        let clients = MemoryRegistry { fuse: Rc::clone(&fuse), ..MemoryRegistry::default() };
        let clients = Rc::new(clients);
        let log = Rc::new(MemoryLog::default());
        let mut keys = Keys::new(
            Rc::clone(&clock),
            Rc::clone(&entropy),
            Rc::clone(&log),
            settings.sealer.clone(),
        );
        keys.lists.fuse = Rc::clone(&fuse);
        let keys = Rc::new(keys);
        let outside = Surroundings {
            internet: Rc::clone(&internet),
            clients: Rc::clone(&clients),
            log: Rc::clone(&log),
            keys: Rc::clone(&keys),
            fuse: Rc::clone(&fuse),
        };
        let objects = Memory::new(Rc::clone(&clock), Rc::clone(&entropy), outside);
        let signer = PortableSigner::new(Rc::clone(&keys), Rc::downgrade(&objects));
        objects.upstream.replace(Some((settings.providers.clone(), settings.sealer.clone())));
        Self {
            objects,
            internet,
            clients,
            log,
            settings,
            clock,
            timer: TestTimer::default(),
            entropy,
            keys,
            signer,
            fuse,
        }
    }

    /// Deploys other secrets.
    pub fn set_sealer(&mut self, sealer: Sealer) {
        self.objects.upstream.replace(Some((self.settings.providers.clone(), sealer.clone())));
        self.keys.set_sealer(sealer.clone());
        self.settings.sealer = sealer;
    }

    /// Stops and starts the server: only stored data is left. Returns whether it had died.
    pub fn restart(&self) -> bool {
        let had_died = self.fuse.replace();
        self.objects.evict();
        self.keys.forget();
        had_died
    }

    /// Moves the clock, and wakes all objects whose alarm is due.
    pub fn advance(&self, seconds: u32) {
        self.clock.advance(seconds);
        self.objects.wake_due();
    }

    pub fn ports(&self) -> Ports<'_> {
        Ports {
            clock: &*self.clock,
            timer: &self.timer,
            entropy: &*self.entropy,
            objects: &*self.objects,
            clients: &*self.clients,
            signer: &self.signer,
            http: &*self.internet,
            events: &*self.objects,
            log: &*self.log,
        }
    }
}
