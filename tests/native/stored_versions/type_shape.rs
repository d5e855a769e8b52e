//! The shape of the types that today's code stores and sends, as lines of text: what may stand at each place, and which
//! members may be missing. `reader.rs` reads them when the types have changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Error, Value};
use vestibule::domain::client::Client;
use vestibule::domain::event::Recorded;
use vestibule::domain::key_ring::{HintKeys, KeySet};
use vestibule::domain::machine::{Command, Machine, Receive};
use vestibule::host::{self, Perform, Visit};

use super::folder::{File, class_of};
use super::messages::text_of;
use super::probe::{MISSING, Member, NOTHING, OPTIONAL, Probe};
use super::shapes::command_of;

/// A sample of a machine.
#[derive(Clone, Copy)]
struct Sample<'a> {
    file: &'a str,
    section: &'a str,
    value: &'a Value,
    /// The command that it is, or answers.
    command: Option<&'a Value>,
}

/// The lines for the samples.
pub fn lines(files: &BTreeMap<String, File>) -> String {
    let probe = Probe::default();
    let mut required = BTreeSet::new();
    let mut optional = BTreeSet::new();
    for (file, sections) in files {
        for (section, samples) in sections {
            for (name, value) in samples {
                // The samples of effects say whose they are.
                let (file, section) = match name.split_once(": ") {
                    Some((owner, _)) if section == "effect" => (owner, "effect"),
                    _ => (file.as_str(), section.as_str()),
                };
                let mut commands = files[file].get("command").into_iter().flatten();
                let command = commands.find(|(key, _)| command_of(key) == command_of(name));
                let command = command.map(|(_, command)| command);
                let sample = Sample { file, section, value, command };
                if let Err(error) = read(&probe, sample) {
                    panic!("{file}.json, {section}, \"{name}\" can't be read: {error}");
                }
                for member in probe.members.take() {
                    let is_needed = is_needed(sample, &member);
                    if is_needed { &mut required } else { &mut optional }.insert(member.place);
                }
            }
        }
    }
    let places = probe.places.into_inner();
    let line = |(place, kinds): (&String, &BTreeSet<String>)| {
        let is_value = |kind: &&str| ![MISSING, OPTIONAL, NOTHING].contains(kind);
        let mut words: Vec<&str> = kinds.iter().map(String::as_str).filter(is_value).collect();
        if [OPTIONAL, NOTHING].iter().any(|mark| kinds.contains(*mark)) {
            words.push(NOTHING);
        }
        // No sample has it.
        if words.is_empty() {
            words.push("any");
        }
        let may_be_missing =
            optional.contains(place) && !required.contains(place) || kinds.contains(MISSING);
        format!(
            "{place}: {}{}\n",
            words.join(" | "),
            if may_be_missing { "; may be missing" } else { "" }
        )
    };
    places.iter().map(line).collect()
}

/// Whether a sample is not read without the member.
fn is_needed(sample: Sample<'_>, member: &Member) -> bool {
    let mut without = sample.value.clone();
    let of = without.pointer_mut(&member.parent).and_then(Value::as_object_mut);
    of.expect("a struct").remove(member.name);
    read(&Probe::default(), Sample { value: &without, ..sample }).is_err()
}

fn read(probe: &Probe, sample: Sample<'_>) -> Result<(), String> {
    let Sample { file, section, value, .. } = sample;
    file.clone_into(&mut probe.owner.borrow_mut());
    let place = format!("{file} {section}");
    let kv = (place.as_str(), "/value");
    match (file, section) {
        ("kv", "client") => probe.read::<Client>(kv, &value["value"]).map(drop),
        ("kv", "keys") => probe.read::<KeySet>(kv, &value["value"]).map(drop),
        ("kv", "hint_keys") => probe.read::<HintKeys>(kv, &value["value"]).map(drop),
        _ => {
            let class = class_of(file).ok_or("nothing is known of the file")?;
            return host::visit(class, OfMachine { probe, sample, place: &place });
        }
    }
    .map_err(text_of)
}

struct OfMachine<'a> {
    probe: &'a Probe,
    sample: Sample<'a>,
    place: &'a str,
}

impl OfMachine<'_> {
    fn read<T: DeserializeOwned>(&self, pointer: &str) -> Result<(), Error> {
        let value = self.sample.value.pointer(pointer).unwrap_or(&Value::Null);
        self.probe.read::<T>((self.place, pointer), value).map(drop)
    }
}

impl Visit for OfMachine<'_> {
    type Output = Result<(), String>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        let Sample { section, value, command, .. } = self.sample;
        match section {
            "state" => self.read::<M::State>("/state").map_err(text_of),
            "row" => self.read::<M::Row>("/row").map_err(text_of),
            // A message: its command is a sample, too.
            "effect" if value.get("Send").is_some() => Ok(()),
            "effect" if value.get("Record").is_some() => {
                self.read::<Recorded>("/Record").map_err(text_of)
            }
            "effect" => self.read::<M::Wants>("").map_err(text_of),
            "command" | "reply" => {
                let command = command.ok_or("no command has its name")?.to_string();
                M::receive(&command, self).map_err(text_of)?
            }
            _ => Err("nothing is known of the section".into()),
        }
    }
}

impl<M: Machine> Receive<M> for OfMachine<'_> {
    type Output = Result<(), String>;

    fn receive<C: Command<Machine = M>>(self, _: C) -> Self::Output {
        let Self { probe, sample: Sample { file, section, value, .. }, .. } = self;
        let read = |place: String| {
            let pointer = format!("/{}", C::NAME);
            let value = value.get(C::NAME).unwrap_or(&Value::Null);
            probe.read::<C>((&place, &pointer), value).map(drop)
        };
        match section {
            "command" => read(format!("{file} command {}", C::NAME)),
            _ => reply::<C>(probe, file, value),
        }
        .map_err(text_of)
    }
}

/// Where the replies to a command stand.
pub fn place_of_reply(file: &str, command: &str) -> String {
    format!("{file} reply to {command}")
}

/// Reads a reply: `Ok` with the name of the reply, if it has one, or `Err`.
fn reply<C: Command>(probe: &Probe, file: &str, value: &Value) -> Result<(), Error> {
    let place = place_of_reply(file, C::NAME);
    probe.note(&place, format!("enum {place}"));
    for variant in ["Ok", "Err"] {
        probe.places.borrow_mut().entry(format!("{place}::{variant}")).or_default();
    }
    let error = format!("{place}::Err");
    // That is none of its variants, but on the way to it all of them are noted.
    let _ = probe.read::<C::Error>((&error, "/Err"), &"".into());
    if let Some(value) = value.get("Err") {
        return probe.read::<C::Error>((&error, "/Err"), value).map(drop);
    }
    let (place, pointer, content) = match C::REPLY {
        None => (format!("{place}::Ok"), "/Ok".to_owned(), &value["Ok"]),
        Some(name) => {
            let named = format!("{place} Ok");
            probe.note(&format!("{place}::Ok"), format!("enum {named}"));
            (format!("{named}::{name}"), format!("/Ok/{name}"), &value["Ok"][name])
        }
    };
    probe.read::<C::Reply>((&place, &pointer), content).map(drop)
}
