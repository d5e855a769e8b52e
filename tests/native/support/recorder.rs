//! Records what is stored and sent in a world: commands and replies as they are delivered, states, rows and effects as
//! they are committed, and what is written to KV. All of it passes by here as the JSON text that the edge stores and
//! sends, too.

use std::cell::RefCell;

use serde_json::{Value, json};
use vestibule::domain::machine::Class;

/// Something that was stored or sent.
pub struct Record {
    /// The class whose object it is of; `None` for KV.
    pub class: Option<Class>,
    /// `command`, `reply`, `state`, `row` or `effect`; in KV, `client`, `keys` or `hint_keys`.
    pub section: &'static str,
    /// The command that it belongs to: its name, or [`ALARM`] or [`OUTCOME`] for those that no one sends. Empty in KV.
    pub command: String,
    /// The step of the scenario.
    pub step: &'static str,
    /// In the form that samples of the section have in `tests/stored`.
    pub value: Value,
}

/// Stands for the command that an alarm gives.
pub const ALARM: &str = "Alarm";
/// Stands for the command that brings the outcome of an effect back.
pub const OUTCOME: &str = "Outcome";

#[derive(Default)]
struct Recorder {
    records: Vec<Record>,
    step: &'static str,
    /// The commands that are being decided: an effect of one sends another.
    commands: Vec<String>,
}

thread_local! {
    /// Whoever stores and sends has no way to a recorder, and all of a world is in one thread.
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

fn with(change: impl FnOnce(&mut Recorder)) {
    RECORDER.with_borrow_mut(|recorder| recorder.as_mut().map(change));
}

/// Records what is stored and sent meanwhile.
pub fn record(work: impl FnOnce()) -> Vec<Record> {
    RECORDER.set(Some(Recorder::default()));
    work();
    RECORDER.take().expect("the recorder").records
}

/// Another step of the scenario begins. Its name must not contain a colon or a comma.
pub fn step(name: &'static str) {
    with(|recorder| recorder.step = name);
}

/// While it lives, a command is being decided and what it wants is performed.
pub struct Deciding;

impl Drop for Deciding {
    fn drop(&mut self) {
        with(|recorder| drop(recorder.commands.pop()));
    }
}

/// A command is decided from now on.
pub fn deciding(name: &str) -> Deciding {
    with(|recorder| recorder.commands.push(name.to_owned()));
    Deciding
}

fn note(class: Option<Class>, section: &'static str, value: impl FnOnce() -> Value) {
    with(|recorder| {
        let value = value();
        let command = match class {
            Some(_) => recorder.commands.last().cloned().unwrap_or_default(),
            None => String::new(),
        };
        recorder.records.push(Record { class, section, command, step: recorder.step, value });
    });
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A command is delivered.
pub fn command(class: Class, text: &str) -> Deciding {
    with(|recorder| {
        let value = parse(text);
        recorder.commands.push(name_of(&value).expect("the name of a command").to_owned());
    });
    note(Some(class), "command", || parse(text));
    Deciding
}

/// The name of a command as it is sent.
pub fn name_of(command: &Value) -> Option<&str> {
    let name = command.as_object().and_then(|command| command.keys().next());
    name.map(String::as_str).or(command.as_str())
}

/// A reply is sent.
pub fn reply(class: Class, text: &str) {
    note(Some(class), "reply", || parse(text));
}

/// A state is written.
pub fn state(class: Class, text: &str) {
    note(Some(class), "state", || parse(text));
}

/// A row is written: one of the machine, or one with effects that wait to be performed.
pub fn row(class: Class, key: &str, text: &str) {
    if key.starts_with("effect/") {
        text.lines().for_each(|line| note(Some(class), "effect", || parse(line)));
    } else {
        note(Some(class), "row", || json!({ "key": key, "row": parse(text) }));
    }
}

/// A value is written to KV.
pub fn kv(section: &'static str, key: &str, value: &Value) {
    note(None, section, || json!({ "key": key, "value": value }));
}
