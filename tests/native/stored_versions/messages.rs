//! Commands and replies: which command a sample is, and whether the sender of such a command reads a reply.

use std::any;
use std::collections::BTreeMap;

use serde_json::Value;
use vestibule::domain::machine::{Command, Machine, Receive, message};

use super::folder::{self, FOLDERS, Sample};
use super::shapes::command_of;

pub fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Whether an object gives its machine this command itself, at an alarm or when an effect has an outcome: then nobody
/// reads the reply.
pub fn is_internal(command: &Value) -> bool {
    matches!(name_of(command), Some("Wake" | "Fetched" | "Refreshed" | "Made"))
}

/// Whether no worker of the release of folder 1 or of a later one sends this command: then objects need not understand
/// it any more, because a gradual deployment runs two releases side by side that follow each other. Workers of earlier
/// releases sent these, which hashed passwords themselves.
pub fn is_gone(command: &Value) -> bool {
    let gone =
        ["BeginSignIn", "AttemptFailed", "FinishSignIn", "BeginConfirmation", "FinishConfirmation"];
    name_of(command).is_some_and(|name| gone.contains(&name))
}

fn name_of(command: &Value) -> Option<&str> {
    let name = command.as_object().and_then(|command| command.keys().next());
    name.map(String::as_str).or(command.as_str())
}

/// A command that a machine understands.
pub struct Known {
    /// The path of its type.
    type_name: &'static str,
    /// Reads a reply as the sender of such a command.
    read_answer: fn(&str) -> Result<(), String>,
}

impl Known {
    /// Whether only workers of an earlier release send it.
    fn is_outdated(&self) -> bool {
        self.type_name.contains("::earlier::")
    }
}

struct Learn;

impl<M: Machine> Receive<M> for Learn {
    type Output = Known;

    fn receive<C: Command<Machine = M>>(self, _: C) -> Known {
        let read_answer = |text: &str| message::read_answer::<C>(text).map(drop).map_err(text_of);
        Known { type_name: any::type_name::<C>(), read_answer }
    }
}

/// Has the machine read a command.
pub fn understand<M: Machine>(command: &Value) -> Result<Known, String> {
    M::receive(&command.to_string(), Learn).map_err(text_of)
}

/// How many words two names of samples begin with in common, unless it is an article alone.
fn words_in_common(one: &str, other: &str) -> usize {
    let (one, other) = (one.split([' ', ':']), other.split([' ', ':']));
    let common: Vec<&str> =
        one.zip(other).take_while(|(one, other)| one == other).map(|(one, _)| one).collect();
    if matches!(*common, ["a" | "an"]) { 0 } else { common.len() }
}

/// Reads a reply as the sender of its command. That is the command whose name begins with the most words of the reply's;
/// if there are several, one of them. A reply whose name begins like no command's is read by any command of any folder. A
/// reply that nobody reads is left out.
pub fn reply<M: Machine>(sample: &Sample<'_>) -> Result<(), String> {
    let commands = &sample.all["command"];
    if !matches!(sample.folder, "0" | "1") {
        return to_named::<M>(sample, commands);
    }
    let in_common = |name: &String| words_in_common(name, sample.name);
    let most = commands.keys().map(in_common).max();
    let all: Vec<Value> = if most == Some(0) {
        let files = FOLDERS.iter().filter_map(|folder| folder::read(folder).remove(sample.file));
        files
            .flat_map(|mut file| file.remove("command").unwrap_or_default().into_values())
            .collect()
    } else {
        let own = commands.iter().filter(|(name, _)| Some(in_common(name)) == most);
        own.map(|(_, command)| command.clone()).collect()
    };
    let sent = all.iter().filter(|command| !is_internal(command) && !is_gone(command));
    let known = sent.map(understand::<M>).collect::<Result<Vec<Known>, _>>()?;
    let readers = known.iter().filter(|command| !command.is_outdated());
    let text = sample.value.to_string();
    let read: Vec<_> = readers.map(|command| (command.read_answer)(&text)).collect();
    if read.iter().any(Result::is_ok) { Ok(()) } else { read.into_iter().collect() }
}

/// A reply whose name begins with that of its command.
fn to_named<M: Machine>(
    sample: &Sample<'_>,
    commands: &BTreeMap<String, Value>,
) -> Result<(), String> {
    let is_its = |name: &&String| command_of(name) == command_of(sample.name);
    let (_, command) =
        commands.iter().find(|(name, _)| is_its(name)).ok_or("no command has its name")?;
    (understand::<M>(command)?.read_answer)(&sample.value.to_string())
}
