//! Records what is stored and sent in a world: commands and replies when they are delivered, states, rows and effects
//! when they are committed, and writes to KV. All are recorded as the JSON text that the edge also stores and sends.

use std::cell::RefCell;

use serde_json::{Value, json};
use vestibule::domain::machine::Class;

/// Something that was stored or sent.
pub struct Record {
    /// The class of the object; `None` for KV.
    pub class: Option<Class>,
    /// `command`, `reply`, `state`, `row` or `effect`; in KV, `client`, `keys` or `hint_keys`.
    pub section: &'static str,
    /// The command to which it belongs: its name, or [`ALARM`] or [`OUTCOME`] for those that nobody sends. Empty for
    /// KV.
    pub command: String,
    /// The step of the scenario.
    pub step: &'static str,
    /// In the format that the samples of this section have in `tests/stored`.
    pub value: Value,
}

/// The name for the command that an alarm gives.
pub const ALARM: &str = "Alarm";
/// The name for the command that delivers the outcome of an effect.
pub const OUTCOME: &str = "Outcome";

#[derive(Default)]
struct Recorder {
    records: Vec<Record>,
    step: &'static str,
    /// The commands that are being decided, because an effect of one may send another.
    commands: Vec<String>,
}

thread_local! {
    /// Code that stores and sends can't be given a recorder, and a world runs in one thread.
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

fn with(change: impl FnOnce(&mut Recorder)) {
    RECORDER.with_borrow_mut(|recorder| recorder.as_mut().map(change));
}

/// Records what is stored and sent while `work` runs.
pub fn record(work: impl FnOnce()) -> Vec<Record> {
    RECORDER.set(Some(Recorder::default()));
    work();
    RECORDER.take().expect("the recorder").records
}

/// Starts another step of the scenario. Its name must not contain a colon or a comma.
pub fn step(name: &'static str) {
    with(|recorder| recorder.step = name);
}

/// While it exists, a command is being decided and its effects are performed.
pub struct Deciding;

impl Drop for Deciding {
    fn drop(&mut self) {
        with(|recorder| drop(recorder.commands.pop()));
    }
}

/// Starts the decision of a command.
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

/// The name of a command in its message.
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

/// A row is written: a row of the machine, or one with effects that wait to be performed.
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
