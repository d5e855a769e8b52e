//! Which type reads the samples of a section.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vestibule::domain::client::Client;
use vestibule::domain::event::Recorded;
use vestibule::domain::key_ring::{HintKeys, KeySet};
use vestibule::domain::machine::{Effect, EffectOf, Machine, stored_state};
use vestibule::domain::stored;
use vestibule::host::{self, Perform, Visit};
use vestibule::jose::access_token::AccessToken;
use vestibule::jose::id_token::IdToken;
use vestibule::jose::jws::Header;

use super::folder::{Sample, class_of};
use super::messages::{self, text_of};
use super::{names, sealed};

/// What migrations leave out or move: groups and roles to memberships, and what concerned codes that were sealed.
const MIGRATED: [&str; 6] = [
    "/claims/groups",
    "/claims/roles",
    "/sources/groups",
    "/sources/roles",
    "/Live/code_until",
    "/Expected",
];

/// Reads a sample as this release reads what is stored or sent.
pub fn read(sample: &Sample<'_>) -> Result<(), String> {
    match (sample.file, sample.section) {
        ("kv", "client") => whole::<Client>(&sample.value["value"]),
        ("kv", "keys") => whole::<KeySet>(&sample.value["value"]),
        ("kv", "hint_keys") => whole::<HintKeys>(&sample.value["value"]),
        ("effects", "effect") => effect(sample),
        // An outcome reaches its machine at once, within one release; nothing stores or sends it.
        ("effects", "outcome") => Ok(()),
        // A code that was sealed is refused: the client begins again.
        ("sealed", "authorization_code") => Ok(()),
        ("sealed", _) => sealed::open(sample),
        ("tokens", "header") => whole::<Header>(sample.value),
        ("tokens", "access_token") => whole::<AccessToken>(sample.value),
        ("tokens", "id_token") => whole::<IdToken>(sample.value),
        ("names" | "tokens", _) => names::check(sample),
        _ => {
            let class = sample.class().ok_or("nothing is known of the file")?;
            host::visit(class, OfMachine(sample))
        }
    }
}

fn whole<T: DeserializeOwned + Serialize>(value: &Value) -> Result<(), String> {
    let read: T = serde_json::from_value(value.clone()).map_err(text_of)?;
    keeps(value, &read)
}

/// Fails if something of a sample is no longer there when it is written again: a member that was renamed would be
/// read as missing.
fn keeps(sample: &Value, read: &impl Serialize) -> Result<(), String> {
    let again = serde_json::to_value(read).map_err(text_of)?;
    match lost("", sample, &again) {
        Some(place) => Err(format!("{place} is lost, or another value")),
        None => Ok(()),
    }
}

/// Where `after` lacks something that `before` has, as a JSON pointer (RFC 6901).
fn lost(place: &str, before: &Value, after: &Value) -> Option<String> {
    let below = |key: &str, before: &Value, after: Option<&Value>| {
        lost(&format!("{place}/{key}"), before, after.unwrap_or(&Value::Null))
    };
    match (before, after) {
        _ if MIGRATED.contains(&place) => None,
        (Value::Object(before), Value::Object(after)) => {
            before.iter().find_map(|(key, value)| below(key, value, after.get(key)))
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            let mut items = before.iter().zip(after).enumerate();
            items
                .find_map(|(index, (before, after))| below(&index.to_string(), before, Some(after)))
        }
        _ => (before != after).then(|| place.to_owned()),
    }
}

struct OfMachine<'a>(&'a Sample<'a>);

impl Visit for OfMachine<'_> {
    type Output = Result<(), String>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        let value = self.0.value;
        match self.0.section {
            "state" => {
                let state = stored_state::read::<M>(&value.to_string()).map_err(text_of)?;
                keeps(&value["state"], &state.ok_or("nothing is stored")?.0)
            }
            "row" => {
                let row: M::Row = stored::read(&value["row"].to_string()).map_err(text_of)?;
                keeps(&value["row"], &row)
            }
            "command" if messages::is_gone(value) => match messages::understand::<M>(value) {
                Ok(_) => Err("it is understood although nobody sends it".into()),
                Err(_) => Ok(()),
            },
            "command" => messages::understand::<M>(value).map(drop),
            "reply" => messages::reply::<M>(self.0),
            _ => Err("nothing is known of the section".into()),
        }
    }
}

/// Reads an effect as the machine that wanted it does. What other machines are sent, they understand.
fn effect(sample: &Sample<'_>) -> Result<(), String> {
    // Those that belong to no machine's run say in their name what they are: requests of documents, or commands.
    let file = sample.name.split_once(": ").map_or("document", |(file, _)| file);
    let class = class_of(file).ok_or("nothing is known of the machine")?;
    host::visit(class, EffectOfMachine(sample.value))
}

struct EffectOfMachine<'a>(&'a Value);

impl Visit for EffectOfMachine<'_> {
    type Output = Result<(), String>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        if let Some(event) = Recorded::from_line(&self.0.to_string()) {
            return keeps(&self.0["Record"], &event.map_err(text_of)?);
        }
        match EffectOf::<M>::read(&self.0.to_string()).map_err(text_of)? {
            Effect::Send(message) => host::visit(message.class, Understand(&message.command)),
            Effect::Own(own) => keeps(self.0, &own),
            Effect::Record(_) => Err("an event is not read as an effect".into()),
        }
    }
}

struct Understand<'a>(&'a Value);

impl Visit for Understand<'_> {
    type Output = Result<(), String>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        messages::understand::<M>(self.0).map(drop)
    }
}
