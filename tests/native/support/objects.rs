//! Hosts the machines in a map, with the clock that the test moves.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use vestibule::domain::entropy::{self, Entropy};
use vestibule::domain::event::Recorded;
use vestibule::domain::machine::{Address, Class, Machine};
use vestibule::domain::stored::Unreadable;
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::domain::token::ObjectId;
use vestibule::host::{
    self, Changes, HostError, HostReply, NewState, Outside, Perform, Store, Visit,
};
use vestibule::jose::seal::Sealer;
use vestibule::ports::{Clock, Events, Log, Objects, Ports, Unavailable};
use vestibule::protocol::weight;
use vestibule::tenant::{ObjectName, Tenant};
use vestibule::upstream::provider::Provider;

use super::fuse::Fuse;
use super::internet::Internet;
use super::signer::{Keys, PortableSigner};
use super::{MemoryLog, MemoryRegistry, SeededEntropy, TestClock, TestTimer, recorder};

/// What one object stores and has in memory. All of it is text, so that stored data is also read back.
#[derive(Default)]
struct Object {
    /// The state in memory; unknown until it is read.
    state: Option<String>,
    /// The latest time at which the object has acted, if it is in memory, and what the clock said then.
    latest: Timestamp,
    clock: Timestamp,
    /// The number of the last step that had effects.
    number: i64,
    /// The stored data, with the state under [`STATE`].
    stored: BTreeMap<String, String>,
    alarm: Option<Timestamp>,
    /// Whether its effects are being performed.
    is_performing: bool,
}

type Shared = Rc<RefCell<Object>>;

/// The key of the state.
const STATE: &str = "state";

/// The targets of effects outside the objects.
pub struct Surroundings {
    pub internet: Rc<Internet>,
    pub clients: Rc<MemoryRegistry>,
    pub log: Rc<MemoryLog>,
    pub keys: Rc<Keys>,
    pub fuse: Rc<Fuse>,
}

/// Every object.
pub struct Memory {
    own: Weak<Self>,
    clock: Rc<TestClock>,
    entropy: Rc<SeededEntropy>,
    outside: Surroundings,
    objects: RefCell<BTreeMap<(Class, String), Shared>>,
    /// The commands that endpoints sent.
    pub calls: Cell<usize>,
    /// How many of the next commands to objects of a class are lost.
    pub unreached: Cell<Option<(Class, u32)>>,
    /// The providers, and the sealer for tokens of outside accounts.
    pub upstream: RefCell<Option<(Vec<Provider>, Sealer)>>,
    /// How many bytes of request data were in memory during the last command.
    pub carried: Cell<usize>,
    /// Whether the receiver of events fails.
    pub events_fail: Cell<bool>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Memory {
    pub fn new(
        clock: Rc<TestClock>,
        entropy: Rc<SeededEntropy>,
        outside: Surroundings,
    ) -> Rc<Self> {
        let (objects, upstream) = (RefCell::default(), RefCell::default());
        Rc::new_cyclic(|own| Self {
            own: Weak::clone(own),
            clock,
            entropy,
            outside,
            objects,
            calls: Cell::new(0),
            carried: Cell::new(0),
            events_fail: Cell::new(false),
            unreached: Cell::new(None),
            upstream,
        })
    }

    /// Stores a row of an object in the format of an earlier version.
    pub fn store_row(&self, class: Class, to: &Address, (key, text): (&str, &str)) {
        let object = self.object(class, &Self::id(class, to));
        object.borrow_mut().stored.insert(key.to_owned(), text.to_owned());
    }

    /// Stores the state of an object in the format of an earlier version.
    pub fn store_state(&self, class: Class, to: &Address, text: &str) {
        let object = self.object(class, &Self::id(class, to));
        object.borrow_mut().state = None;
        let stored = format!(r#"{{"version":{VERSION},"state":{text}}}"#, VERSION = version(class));
        object.borrow_mut().stored.insert(STATE.to_owned(), stored);
    }

    fn object(&self, class: Class, id: &str) -> Shared {
        Rc::clone(self.objects.borrow_mut().entry((class, id.to_owned())).or_default())
    }

    fn id(class: Class, to: &Address) -> String {
        match to {
            Address::Id(id) => id.clone(),
            Address::Name(name) => {
                let name = Tenant::ONLY.object(name);
                hex(&Sha256::digest(format!("{class:?}/{}", name.as_str())))
            }
        }
    }

    /// Everything that is stored, as text.
    pub fn stored(&self) -> Vec<String> {
        let objects = self.objects.borrow();
        let text = |(key, object): (&(Class, String), &Shared)| {
            let object = object.borrow();
            (!object.stored.is_empty()).then(|| format!("{key:?} {:?}", object.stored))
        };
        objects.iter().filter_map(text).collect()
    }

    /// How many objects of a class have stored a state.
    pub fn count(&self, class: Class) -> usize {
        let objects = self.objects.borrow();
        let of_class = objects.iter().filter(|((held, _), _)| *held == class);
        of_class.filter(|(_, object)| object.borrow().stored.contains_key(STATE)).count()
    }

    /// What the objects of some classes store, without what differs between runs: the kinds of rows of each object.
    pub fn outline(&self, classes: &[Class]) -> Vec<String> {
        let objects = self.objects.borrow();
        let of_classes = objects.iter().filter(|((class, _), _)| classes.contains(class));
        let kinds = |((class, _), object): (&(Class, String), &Shared)| {
            let object = object.borrow();
            let kinds: Vec<&str> =
                object.stored.keys().filter_map(|key| key.split('/').next()).collect();
            (!kinds.is_empty()).then(|| format!("{class:?}: {}", kinds.join(", ")))
        };
        let mut outline: Vec<String> = of_classes.filter_map(kinds).collect();
        outline.sort();
        outline
    }

    /// How many objects of a class have an alarm set.
    pub fn alarms(&self, class: Class) -> usize {
        let objects = self.objects.borrow();
        let of_class = objects.iter().filter(|((held, _), _)| *held == class);
        of_class.filter(|(_, object)| object.borrow().alarm.is_some()).count()
    }

    /// The size of the largest row of any object, in bytes.
    pub fn largest_row(&self) -> usize {
        let objects = self.objects.borrow();
        let largest = |object: &Shared| {
            let object = object.borrow();
            let rows = object.stored.iter().filter(|(key, _)| *key != STATE);
            rows.map(|(_, text)| text.len()).max().unwrap_or_default()
        };
        objects.values().map(largest).max().unwrap_or_default()
    }

    /// Delivers a command to an object, like `edge/object.js`: performs its effects, and repeats the command if the
    /// reply may be held.
    async fn deliver(&self, class: Class, id: &str, command: &str) -> String {
        let store = self.store(class, id);
        let _deciding = recorder::command(class, command);
        loop {
            let step = Step(&store, command);
            let answer = host::visit(class, step);
            self.outside.fuse.survive().await;
            let answer = answer.expect("a command that can be decided");
            if !answer.owes {
                recorder::reply(class, &answer.reply);
                return answer.reply;
            }
            self.perform(class, &store).await;
            if !answer.may_be_held {
                recorder::reply(class, &answer.reply);
                return answer.reply;
            }
        }
    }

    fn store(&self, class: Class, id: &str) -> MemoryStore<'_> {
        MemoryStore { memory: self, class, id: id.to_owned(), object: self.object(class, id) }
    }

    /// Performs an object's waiting effects, never twice at once.
    async fn perform(&self, class: Class, store: &MemoryStore<'_>) {
        if store.object.borrow().is_performing {
            return;
        }
        store.object.borrow_mut().is_performing = true;
        let upstream = self.upstream.borrow().clone();
        let (providers, sealer) = upstream.expect("the settings of a world");
        let signer = PortableSigner::new(Rc::clone(&self.outside.keys), Weak::clone(&self.own));
        let ports = Ports {
            clock: &*self.clock,
            timer: &TestTimer::default(),
            entropy: &*self.entropy,
            objects: self,
            clients: &*self.outside.clients,
            signer: &signer,
            http: &*self.outside.internet,
            events: self,
            log: &*self.outside.log,
        };
        let outside = Outside { ports, providers: &providers, sealer: &sealer };
        let _deciding = recorder::deciding(recorder::OUTCOME);
        let performed = host::visit(class, Performing(store, &outside)).await;
        self.outside.fuse.survive().await;
        performed.expect("effects can be performed");
        store.object.borrow_mut().is_performing = false;
    }

    /// Removes every object from memory, as the platform does with idle ones.
    pub fn evict(&self) {
        for object in self.objects.borrow().values() {
            let mut object = object.borrow_mut();
            object.state = None;
            object.latest = Timestamp::default();
            object.clock = Timestamp::default();
            object.number = 0;
            object.is_performing = false;
        }
    }

    /// Wakes every object whose alarm is due.
    pub fn wake_due(&self) {
        let now = self.clock.now();
        let is_due = |object: &Object| object.alarm.is_some_and(|alarm| alarm <= now);
        let due: Vec<_> = self
            .objects
            .borrow()
            .iter()
            .filter(|(_, object)| is_due(&object.borrow()))
            .map(|(key, _)| key.clone())
            .collect();
        for (class, id) in due {
            if self.outside.fuse.is_burnt() {
                return;
            }
            let store = self.store(class, &id);
            let alarm = store.object.borrow_mut().alarm.take();
            let woken = async {
                let deciding = recorder::deciding(recorder::ALARM);
                let woken = host::visit(class, Wake(&store));
                drop(deciding);
                self.outside.fuse.survive().await;
                woken.expect("an alarm");
                self.perform(class, &store).await;
            };
            if self.outside.fuse.run(woken).is_none() {
                // The platform repeats an alarm unless its handler finishes.
                let mut object = store.object.borrow_mut();
                object.alarm = object.alarm.or(alarm).min(alarm);
            }
        }
    }
}

/// The version of the stored states of a class.
fn version(class: Class) -> u32 {
    struct Version;
    impl Visit for Version {
        type Output = u32;

        fn visit<M: Machine<Wants: Perform>>(self) -> u32 {
            M::VERSION
        }
    }
    host::visit(class, Version)
}

struct Step<'a>(&'a MemoryStore<'a>, &'a str);

impl Visit for Step<'_> {
    type Output = Result<HostReply, HostError>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        host::step::<M>(self.0, self.1)
    }
}

struct Wake<'a>(&'a MemoryStore<'a>);

impl Visit for Wake<'_> {
    type Output = Result<(), HostError>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        host::wake::<M>(self.0)
    }
}

struct Performing<'a>(&'a MemoryStore<'a>, &'a Outside<'a>);

impl<'a> Visit for Performing<'a> {
    type Output = Pin<Box<dyn Future<Output = Result<(), HostError>> + 'a>>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        Box::pin(host::perform::<M>(self.0, self.1))
    }
}

/// The storage and the memory of one object.
struct MemoryStore<'a> {
    memory: &'a Memory,
    class: Class,
    id: String,
    object: Shared,
}

#[async_trait(?Send)]
impl Store for MemoryStore<'_> {
    fn now(&self, at_least: Timestamp) -> Timestamp {
        let mut object = self.object.borrow_mut();
        let clock = self.memory.clock.now();
        let passed = (clock.0 - object.clock.0).clamp(0, 60_000);
        object.clock = clock;
        object.latest = Timestamp(object.latest.0 + passed / 2).max(at_least).max(clock);
        object.latest
    }

    fn number(&self, at_least: i64) -> i64 {
        let mut object = self.object.borrow_mut();
        object.number = at_least.max(object.number + 1);
        object.number
    }

    fn clock(&self) -> Timestamp {
        self.memory.clock.now()
    }

    fn entropy(&self) -> &dyn Entropy {
        &*self.memory.entropy
    }

    fn state(&self) -> Result<String, Unreadable> {
        let mut object = self.object.borrow_mut();
        let stored = object.stored.get(STATE).cloned().unwrap_or_default();
        Ok(object.state.get_or_insert(stored).clone())
    }

    fn row(&self, key: &str) -> Result<Option<String>, Unreadable> {
        Ok(self.object.borrow().stored.get(key).cloned())
    }

    fn rows(&self, prefix: &str) -> Result<Vec<(String, String)>, Unreadable> {
        let object = self.object.borrow();
        let rows = object.stored.iter().filter(|(key, _)| *key != STATE && key.starts_with(prefix));
        Ok(rows.map(|(key, text)| (key.clone(), text.clone())).collect())
    }

    fn commit(&self, changes: Changes) -> Result<(), Unavailable> {
        if !self.memory.outside.fuse.moment() {
            return Err(Unavailable::new("the process is dead"));
        }
        let mut object = self.object.borrow_mut();
        match changes.state {
            NewState::Unchanged => {}
            NewState::Remembered(state) => object.state = Some(state),
            NewState::Written(state) => {
                recorder::state(self.class, &state);
                object.stored.insert(STATE.to_owned(), state.clone());
                object.state = Some(state);
            }
            NewState::Deleted => {
                object.stored.remove(STATE);
                object.state = Some(String::new());
            }
        }
        for (key, text) in changes.rows {
            match text {
                Some(text) => {
                    recorder::row(self.class, &key, &text);
                    object.stored.insert(key, text)
                }
                None => object.stored.remove(&key),
            };
        }
        object.alarm = changes.alarm.or(object.alarm);
        self.memory.outside.fuse.moment();
        Ok(())
    }

    fn has_alarm(&self) -> bool {
        self.object.borrow().alarm.is_some()
    }

    async fn erase(&self) -> Result<(), Unavailable> {
        self.memory.outside.fuse.survive().await;
        self.memory.objects.borrow_mut().remove(&(self.class, self.id.clone()));
        Ok(())
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn log_event(&self, line: &str) {
        self.memory.outside.log.event(line);
    }

    fn unreadable(&self, what: &str, why: Unreadable) -> String {
        let message =
            format!("a stored {what} of {} {} cannot be read: {why}", self.class.name(), self.id);
        self.memory.outside.log.unreadable(&message);
        message
    }
}

#[async_trait(?Send)]
impl Events for Memory {
    async fn record(&self, events: &[Recorded]) -> Result<(), Unavailable> {
        if self.events_fail.get() {
            return Err(Unavailable::new("nobody receives events"));
        }
        host::record_events(self, &*self.outside.log, events).await
    }
}

#[async_trait(?Send)]
impl Objects for Memory {
    fn new_id(&self, _: Class) -> Result<ObjectId, Unavailable> {
        let bytes: [u8; 32] = entropy::bytes(&*self.entropy as &dyn Entropy);
        Ok(ObjectId::parse(&hex(&bytes)).expect("64 digits"))
    }

    fn id_of_name(&self, class: Class, name: &ObjectName) -> Result<ObjectId, Unavailable> {
        let id = Self::id(class, &Address::Name(name.clone()));
        Ok(ObjectId::parse(&id).expect("64 digits"))
    }

    async fn send(
        &self,
        class: Class,
        to: &Address,
        command: String,
        _: Seconds,
    ) -> Result<Option<String>, Unavailable> {
        self.calls.set(self.calls.get() + 1);
        self.carried.set(weight::in_memory());
        self.outside.fuse.survive().await;
        if let Some((of, left @ 1..)) = self.unreached.get()
            && of == class
        {
            self.unreached.set(Some((of, left - 1)));
            return Err(Unavailable::new("the object doesn't answer"));
        }
        Ok(Some(self.deliver(class, &Self::id(class, to), &command).await))
    }
}
