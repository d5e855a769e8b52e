//! Two releases side by side: the objects of this release take the commands that workers of an earlier one send, and
//! their replies have a form that those workers read.

use std::fs;

use futures_lite::future::block_on;
use serde_json::Value;
use vestibule::domain::entropy::Entropy;
use vestibule::domain::key_ring::KeyRing;
use vestibule::domain::machine::{
    Address, Before, Class, Command, Machine, Next, Receive, message,
};
use vestibule::domain::time::Seconds;
use vestibule::ports::{Objects, Ports};

use super::folder::{self, ADVICE, FOLDERS, File};
use super::messages::{is_gone, is_internal, text_of};
use super::reader::Reader;
use super::type_shape::place_of_reply;
use crate::support::World;
use crate::support::recorder::name_of;

/// The commands of one object, one after the other.
struct Run {
    /// How many random values others had drawn before.
    seed: usize,
    /// The time in seconds since the first step, and the name of the command's sample.
    steps: Vec<(u32, String)>,
}

/// The runs of a folder for a machine. Each command is also a run of its own, for an object without a state.
fn runs(folder: &str, file: &str, all: &File) -> Vec<Run> {
    let text = fs::read_to_string(folder::root().join(format!("{folder}/runs/{file}.json")));
    let runs: Vec<Value> = text.map_or(Vec::new(), |text| serde_json::from_str(&text).unwrap());
    let run = |run: &Value| Run {
        seed: usize::try_from(run["seed"].as_u64().unwrap()).unwrap(),
        steps: serde_json::from_value(run["steps"].clone()).unwrap(),
    };
    let alone = all["command"].keys().map(|name| Run { seed: 0, steps: vec![(0, name.clone())] });
    runs.iter().map(run).chain(alone).collect()
}

/// An object in a world of its own.
struct Object {
    world: World,
    class: Class,
    /// The state of a key ring. In the world it would make keys, while a run has the keys that were made.
    ring: Option<<KeyRing as Machine>::State>,
}

impl Object {
    fn new(class: Class, seed: usize) -> Self {
        let world = World::new(&[]);
        (0..seed).for_each(|_| world.entropy.fill(&mut [0; 32]));
        Self { world, class, ring: None }
    }

    fn send(&mut self, command: &Value) -> Result<Value, String> {
        if self.class == Class::KeyRing {
            return self.send_to_ring(command);
        }
        // Whatever fails in the object is a panic in the world.
        let to = Address::Id("ab".repeat(32));
        let sent = self.world.objects.send(self.class, &to, command.to_string(), Seconds(0));
        let reply = block_on(sent).map_err(|error| error.0)?.ok_or("no object")?;
        serde_json::from_str(&reply).map_err(text_of)
    }

    fn send_to_ring(&mut self, command: &Value) -> Result<Value, String> {
        let decide = Decide { ring: &mut self.ring, ports: &self.world.ports() };
        let reply = KeyRing::receive(&command.to_string(), decide).map_err(text_of)?;
        serde_json::from_str(&reply).map_err(text_of)
    }
}

/// Has a ring decide a command, and writes the reply.
struct Decide<'a> {
    ring: &'a mut Option<<KeyRing as Machine>::State>,
    ports: &'a Ports<'a>,
}

impl Receive<KeyRing> for Decide<'_> {
    type Output = String;

    fn receive<C: Command<Machine = KeyRing>>(self, command: C) -> String {
        let Self { ring, ports } = self;
        let before = Before { state: ring.clone(), ..Before::nothing() };
        let step = command.decide(before, ports.clock.now(), ports.entropy);
        if let Next::Written(next) = step.change.next {
            *ring = Some(next);
        }
        message::write_answer::<C>(&step.reply).unwrap()
    }
}

/// Sends the commands of a run, and checks each reply.
fn replay((file, all): (&str, &File), run: Run, reader: &Reader) -> Result<(), String> {
    let mut object = Object::new(folder::class_of(file).ok_or("no machine")?, run.seed);
    let mut now = 0;
    for (at, name) in run.steps {
        object.world.advance(at - now);
        now = at;
        let command = &all["command"][&name];
        if is_gone(command) {
            continue;
        }
        let reply = object.send(command).map_err(|error| format!("\"{name}\": {error}"))?;
        if is_internal(command) {
            continue;
        }
        // Until folder 1, the replies of a machine were one type.
        let places =
            [format!("{file} reply"), place_of_reply(file, name_of(command).unwrap_or_default())];
        let place =
            places.iter().find(|place| reader.knows(place)).ok_or("no replies are known")?;
        let read = reader.check(place, &reply);
        read.map_err(|error| format!("the reply to \"{name}\": {error}: {reply}"))?;
    }
    Ok(())
}

#[test]
fn objects_of_this_release_answer_the_workers_of_every_release() {
    let mut errors = Vec::new();
    for folder in FOLDERS {
        // Releases before the first folder left no shape, and read what the first one reads.
        let reader = Reader::new(&folder::root().join(folder.replace('0', "1")));
        let files = folder::read(folder);
        for (file, all) in files.iter().filter(|(_, all)| all.contains_key("command")) {
            for run in runs(folder, file, all) {
                if let Err(error) = replay((file, all), run, &reader) {
                    errors.push(format!("tests/stored/{folder}/{file}.json: {error}"));
                }
            }
        }
    }
    assert!(errors.is_empty(), "not as a worker of that release expects: {errors:#?}\n{ADVICE}");
}
