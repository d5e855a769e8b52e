//! Commands and replies: which command a sample is, and whether the sender of such a command reads a reply.

use std::any;

use serde_json::Value;
use vestibule::domain::machine::{Command, Machine, Receive, message};

use super::folder::Sample;

pub fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Whether an object gives its machine this command itself, at an alarm or when an effect has an outcome: then nobody
/// reads the reply.
pub fn is_internal(command: &Value) -> bool {
    let name = command.as_object().and_then(|command| command.keys().next());
    let name = name.map(String::as_str).or(command.as_str());
    matches!(name, Some("Wake" | "Fetched" | "Refreshed" | "Made"))
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

/// How many words two names of samples begin with in common.
fn words_in_common(one: &str, other: &str) -> usize {
    let (one, other) = (one.split([' ', ':']), other.split([' ', ':']));
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Reads a reply as the sender of its command. That is the command whose name begins with the most words of the reply's;
/// if there are several, one of them. A reply that nobody reads is left out.
pub fn reply<M: Machine>(sample: &Sample<'_>) -> Result<(), String> {
    let commands = &sample.all["command"];
    let in_common = |name: &String| words_in_common(name, sample.name);
    let most = commands.keys().map(in_common).max();
    let own = commands.iter().filter(|(name, _)| Some(in_common(name)) == most);
    let own = own.map(|(_, command)| command).filter(|command| !is_internal(command));
    let own = own.map(understand::<M>).collect::<Result<Vec<Known>, _>>()?;
    let readers = own.iter().filter(|command| !command.is_outdated());
    let text = sample.value.to_string();
    let read: Vec<_> = readers.map(|command| (command.read_answer)(&text)).collect();
    if read.iter().any(Result::is_ok) { Ok(()) } else { read.into_iter().collect() }
}
