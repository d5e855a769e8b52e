//! Hosts the same machines in a map, under the clock that the test moves.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;
use futures_lite::future::block_on;
use sha2::{Digest, Sha256};
use vestibule::domain::account::Account;
use vestibule::domain::connection::Connection;
use vestibule::domain::document::Document;
use vestibule::domain::entropy::{self, Entropy};
use vestibule::domain::grant::Grant;
use vestibule::domain::identifier::Identifier;
use vestibule::domain::machine::{Address, Before, Class, Effect, Machine, Next, Outcome, RowKeys};
use vestibule::domain::registration::Registration;
use vestibule::domain::throttle::Throttle;
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::domain::token::ObjectId;
use vestibule::jose::seal::Sealer;
use vestibule::ports::{Clock, Objects, Ports, Unavailable};
use vestibule::protocol::weight;
use vestibule::upstream::connection::Connections;
use vestibule::upstream::provider::Provider;

use super::internet::Internet;
use super::signer::PortableSigner;
use super::{MemoryLog, MemoryRegistry, SeededEntropy, TestClock, TestTimer};

/// What one object stores, as text, so that what is stored is also read back.
#[derive(Default)]
struct Object {
    /// In memory.
    state: Option<String>,
    stored: Option<String>,
    rows: BTreeMap<String, String>,
    alarm: Option<Timestamp>,
    /// Effects that have not been performed yet, the oldest first.
    owed: Vec<Effect>,
}

/// What effects act on outside the objects.
pub struct Outside {
    pub internet: Rc<Internet>,
    pub clients: Rc<MemoryRegistry>,
}

/// Every object.
pub struct Memory {
    clock: Rc<TestClock>,
    entropy: Rc<SeededEntropy>,
    outside: Outside,
    objects: RefCell<BTreeMap<(Class, String), Object>>,
    /// Commands that were sent by endpoints.
    pub calls: Cell<usize>,
    /// The providers, and the sealer for tokens of outside accounts.
    pub upstream: RefCell<Option<(Vec<Provider>, Sealer)>>,
    /// How many bytes of what the caller sent were in memory while the last command was on its way.
    pub carried: Cell<usize>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Memory {
    pub fn new(clock: Rc<TestClock>, entropy: Rc<SeededEntropy>, outside: Outside) -> Self {
        let (objects, upstream) = (RefCell::default(), RefCell::default());
        Self {
            clock,
            entropy,
            outside,
            objects,
            calls: Cell::new(0),
            carried: Cell::new(0),
            upstream,
        }
    }

    /// Stores a row of an object, as an earlier version of the server wrote it.
    pub fn store_row(&self, class: Class, to: &Address, (key, text): (&str, &str)) {
        let mut objects = self.objects.borrow_mut();
        let object = objects.entry((class, Self::id(class, to))).or_default();
        object.rows.insert(key.to_owned(), text.to_owned());
    }

    /// Stores the state of an object, as an earlier version of the server wrote it.
    pub fn store_state(&self, class: Class, to: &Address, text: &str) {
        let mut objects = self.objects.borrow_mut();
        let object = objects.entry((class, Self::id(class, to))).or_default();
        object.state = Some(text.to_owned());
        object.stored = Some(text.to_owned());
    }

    /// Asks the provider, as `edge/performer.rs` does.
    fn ask_provider(&self, effect: Effect) -> Option<Outcome> {
        let upstream = self.upstream.borrow();
        let (providers, sealer) = upstream.as_ref().expect("the settings of a world");
        let signer = PortableSigner::new(Rc::clone(&self.clock), Rc::clone(&self.entropy));
        let ports = Ports {
            clock: &*self.clock,
            timer: &TestTimer::default(),
            entropy: &*self.entropy,
            objects: self,
            clients: &*self.outside.clients,
            signer: &signer,
            http: &*self.outside.internet,
            log: &MemoryLog::default(),
        };
        let effect = effect.begun().unwrap_or(effect);
        block_on(Connections { ports, providers, sealer }.perform(effect)).expect("its effect")
    }

    fn id(class: Class, to: &Address) -> String {
        match to {
            Address::Id(id) => id.clone(),
            Address::Name(name) => hex(&Sha256::digest(format!("{class:?}/{name}"))),
        }
    }

    /// Everything that is stored, as text.
    pub fn stored(&self) -> Vec<String> {
        let objects = self.objects.borrow();
        let text = |(key, object): (&(Class, String), &Object)| {
            format!("{key:?} {:?} {:?}", object.stored, object.rows)
        };
        objects.iter().filter(|(_, o)| o.stored.is_some() || !o.rows.is_empty()).map(text).collect()
    }

    /// How many objects of a class have stored anything.
    pub fn count(&self, class: Class) -> usize {
        let objects = self.objects.borrow();
        objects
            .iter()
            .filter(|((held, _), object)| *held == class && object.stored.is_some())
            .count()
    }

    /// The size of the largest row of any object, in bytes.
    pub fn largest_row(&self) -> usize {
        let objects = self.objects.borrow();
        let sizes = objects.values().flat_map(|object| object.rows.values().map(String::len));
        sizes.max().unwrap_or_default()
    }

    fn deliver(&self, class: Class, id: &str, command: &str) -> String {
        match class {
            Class::Grant => self.step::<Grant>(id, command),
            Class::Account => self.step::<Account>(id, command),
            Class::Identifier => self.step::<Identifier>(id, command),
            Class::Registration => self.step::<Registration>(id, command),
            Class::Throttle => self.step::<Throttle>(id, command),
            Class::Document => self.step::<Document>(id, command),
            Class::Connection => self.step::<Connection>(id, command),
            Class::KeyRing => panic!("the portable signer keeps its own keys"),
        }
    }

    fn step<M: Machine>(&self, id: &str, command: &str) -> String {
        let again = command.to_owned();
        let command: M::Command = serde_json::from_str(command).expect("a command of the machine");
        let key = (M::CLASS, id.to_owned());
        let mut objects = self.objects.borrow_mut();
        let object = objects.entry(key).or_default();
        let state: Option<M::State> =
            object.state.as_deref().map(|text| serde_json::from_str(text).expect("a state"));
        let wanted = M::rows(state.as_ref(), &command, self.clock.now());
        let rows = object
            .rows
            .iter()
            .filter(|(key, _)| {
                wanted.iter().any(|wanted| match wanted {
                    RowKeys::One(one) => one == *key,
                    RowKeys::All(prefix) => key.starts_with(prefix),
                })
            })
            .map(|(key, text)| (key.clone(), serde_json::from_str(text).expect("a row")))
            .collect();
        let step = M::step(Before { state, rows }, command, self.clock.now(), &*self.entropy);
        match step.next {
            Next::Unchanged => {}
            Next::Awaited(state) => {
                object.alarm = M::wakes_at(&state);
                object.state = Some(serde_json::to_string(&state).expect("a state"));
            }
            Next::Remembered(state) => {
                object.state = Some(serde_json::to_string(&state).expect("a state"));
            }
            Next::Written(state) => {
                object.alarm = M::wakes_at(&state);
                object.state = Some(serde_json::to_string(&state).expect("a state"));
                object.stored.clone_from(&object.state);
            }
            Next::Forgotten => {
                let owed = std::mem::take(&mut object.owed);
                *object = Object { owed, ..Object::default() };
            }
        }
        for (key, row) in step.rows {
            match row {
                Some(row) => {
                    object.rows.insert(key, serde_json::to_string(&row).expect("a row"));
                }
                None => {
                    object.rows.remove(&key);
                }
            }
        }
        let owed = !step.effects.is_empty();
        object.owed.extend(step.effects);
        drop(objects);
        if owed {
            self.settle::<M>(id);
        }
        // A held answer is given once the effects have changed the state.
        if owed && M::awaits_change(&step.reply) {
            return self.step::<M>(id, &again);
        }
        serde_json::to_string(&step.reply).expect("a reply")
    }

    /// Performs an object's waiting effects as `edge/performer.rs` does: in order, skipping those that a
    /// later effect replaces, and keeping those that fail.
    fn settle<M: Machine>(&self, id: &str) {
        let key = (M::CLASS, id.to_owned());
        let take = || std::mem::take(&mut self.objects.borrow_mut().get_mut(&key).unwrap().owed);
        let owed = take();
        let mut failed = Vec::new();
        for (index, effect) in owed.iter().enumerate() {
            if owed[index + 1..].iter().any(|later| later.replaces(effect)) {
                continue;
            }
            if self.perform::<M>(id, effect.clone()).is_err() {
                failed.push(effect.clone());
            }
        }
        failed.extend(take());
        self.objects.borrow_mut().get_mut(&key).unwrap().owed = failed;
    }

    fn perform<M: Machine>(&self, id: &str, effect: Effect) -> Result<(), Unavailable> {
        let outcome = match effect {
            Effect::Send { class, to, command } => {
                self.deliver(class, &Self::id(class, &to), &command.to_string());
                return Ok(());
            }
            Effect::PublishClient(client) => {
                return self.outside.clients.set(&client.client_id, Some(&client));
            }
            Effect::RemoveClient(client_id) => return self.outside.clients.set(&client_id, None),
            Effect::Fetch(request) => Outcome::Fetched(self.outside.internet.ask(request)),
            effect @ (Effect::RefreshConnection { .. } | Effect::RevokeConnection { .. }) => {
                let Some(outcome) = self.ask_provider(effect) else { return Ok(()) };
                outcome
            }
            _ => panic!("only the key ring wants keys"),
        };
        if let Some(command) = M::outcome(outcome) {
            self.step::<M>(id, &serde_json::to_string(&command).expect("a command"));
        }
        Ok(())
    }

    /// Performs the waiting effects of all registrations again.
    pub fn retry(&self) {
        let ids: Vec<_> = self.objects.borrow().keys().cloned().collect();
        for (class, id) in ids {
            if class == Class::Registration {
                self.settle::<Registration>(&id);
            }
        }
    }

    /// Every object leaves the memory, as the platform does with one that nobody has asked for a while.
    pub fn evict(&self) {
        for object in self.objects.borrow_mut().values_mut() {
            object.state.clone_from(&object.stored);
        }
    }

    /// Wakes every object whose alarm is due.
    pub fn wake_due(&self) {
        let now = self.clock.now();
        let due: Vec<_> = self
            .objects
            .borrow()
            .iter()
            .filter(|(_, object)| object.alarm.is_some_and(|alarm| alarm <= now))
            .map(|(key, _)| key.clone())
            .collect();
        for (class, id) in due {
            let wake = match class {
                Class::Grant => serde_json::to_string(&Grant::wake()),
                Class::Identifier => serde_json::to_string(&Identifier::wake()),
                Class::Throttle => serde_json::to_string(&Throttle::wake()),
                Class::Document => serde_json::to_string(&Document::wake()),
                Class::Account | Class::Registration | Class::KeyRing | Class::Connection => {
                    continue;
                }
            };
            self.deliver(class, &id, &wake.expect("a command"));
        }
    }
}

#[async_trait(?Send)]
impl Objects for Memory {
    fn new_id(&self, _: Class) -> Result<ObjectId, Unavailable> {
        let bytes: [u8; 32] = entropy::bytes(&*self.entropy as &dyn Entropy);
        Ok(ObjectId::parse(&hex(&bytes)).expect("64 digits"))
    }

    fn id_of_name(&self, class: Class, name: &str) -> Result<ObjectId, Unavailable> {
        let id = Self::id(class, &Address::Name(name.to_owned()));
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
        Ok(Some(self.deliver(class, &Self::id(class, to), &command)))
    }
}
