//! Which type reads the samples of a section.

use serde::de::DeserializeOwned;
use serde_json::Value;
use vestibule::domain::client::Client;
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

fn whole<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    serde_json::from_value::<T>(value.clone()).map(drop).map_err(text_of)
}

struct OfMachine<'a>(&'a Sample<'a>);

impl Visit for OfMachine<'_> {
    type Output = Result<(), String>;

    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
        let value = self.0.value;
        match self.0.section {
            "state" => {
                let state = stored_state::read::<M>(&value.to_string()).map_err(text_of)?;
                state.map(drop).ok_or_else(|| "nothing is stored".into())
            }
            "row" => stored::read::<M::Row>(&value["row"].to_string()).map(drop).map_err(text_of),
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
        match EffectOf::<M>::read(&self.0.to_string()).map_err(text_of)? {
            Effect::Send(message) => host::visit(message.class, Understand(&message.command)),
            Effect::Own(_) => Ok(()),
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
