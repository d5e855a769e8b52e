//! Hosts any machine in a Durable Object: load, step, write in one commit, answer, set the alarm.
//!
//! Storage is synchronous and nothing awaits between the writes of a step, so that they commit as
//! one, effects included: what a machine wants from outside survives a crash and is performed
//! afterwards.

use std::collections::BTreeMap;

use wasm_bindgen::prelude::*;

use super::platform::Host;
use super::ports::{Random, now};
use crate::domain::account::Account;
use crate::domain::connection::Connection;
use crate::domain::document::Document;
use crate::domain::entropy;
use crate::domain::grant::Grant;
use crate::domain::identifier::Identifier;
use crate::domain::key_ring::KeyRing;
use crate::domain::machine::{Before, Effect, Machine, Next, RowKeys};
use crate::domain::registration::Registration;
use crate::domain::stored::{self, Unreadable};
use crate::domain::throttle::Throttle;
use crate::domain::time::{Seconds, Timestamp};

/// Keys of effects that are not yet performed begin so.
pub const EFFECT: &str = "effect/";
/// When the alarm comes back to effects that were not performed.
const RETRY: Seconds = Seconds(10);
/// How long after finding unreadable data the alarm tries again, in seconds: by then an operator may have
/// repaired the data, or deployed a release that can read it.
const REPAIRED: Seconds = Seconds(24 * 60 * 60);
/// An alarm that is further away than this may come too early.
const FAR: Seconds = Seconds(600);

/// Runs with the machine of a class's name.
macro_rules! with_machine {
    ($name:expr, $machine:ident => $body:expr, $otherwise:expr) => {
        match $name {
            "Grant" => {
                type $machine = Grant;
                $body
            }
            "Account" => {
                type $machine = Account;
                $body
            }
            "Identifier" => {
                type $machine = Identifier;
                $body
            }
            "KeyRing" => {
                type $machine = KeyRing;
                $body
            }
            "Registration" => {
                type $machine = Registration;
                $body
            }
            "Throttle" => {
                type $machine = Throttle;
                $body
            }
            "Document" => {
                type $machine = Document;
                $body
            }
            "Connection" => {
                type $machine = Connection;
                $body
            }
            _ => $otherwise,
        }
    };
}
pub(super) use with_machine;

/// Takes a command to the machine.
#[wasm_bindgen]
pub fn step(machine: &str, host: &Host, command: &str) -> Result<String, JsError> {
    with_machine!(machine, M => {
        // Drop the parser's message, which quotes the command: that may contain a secret.
        let command = serde_json::from_str(command)
            .map_err(|_| JsError::new(&format!("no command of {machine}")))?;
        let reply = run::<M>(host, command)?;
        Ok(serde_json::to_string(&reply)?)
    }, Err(JsError::new("no such machine")))
}

/// The alarm has come.
#[wasm_bindgen]
pub fn wake(machine: &str, host: &Host) -> Result<(), JsError> {
    with_machine!(machine, M => {
        let Ok(state) = load::<M>(host) else {
            // `load` has logged it. If the alarm failed here, the platform would retry it six times and
            // then give up.
            retry_after_repair(host);
            return Ok(());
        };
        let due = state.is_some_and(|state| {
            M::wakes_at(&state).is_some_and(|moment| moment <= now())
        });
        if let Some(command) = M::wake().filter(|_| due) {
            run::<M>(host, command)?.ok();
        }
        // The alarm is spent: it is set again for whatever comes next.
        let next = load::<M>(host)?.and_then(|state| M::wakes_at(&state));
        if let Some(moment) = next.filter(|_| !host.has_alarm()) {
            set_alarm(host, moment.max(now().plus(Seconds(1))));
        }
        Ok(())
    }, Err(JsError::new("no such machine")))
}

/// One step of a machine.
pub fn run<M: Machine>(
    host: &Host,
    command: M::Command,
) -> Result<Result<M::Reply, M::Error>, JsError> {
    let state = load::<M>(host)?;
    let woken_before = state.as_ref().and_then(M::wakes_at);
    let moment = now();
    let rows = rows::<M>(host, &M::rows(state.as_ref(), &command, moment))?;
    let decided = M::step(Before { state, rows }, command, moment, &Random);
    // This reads, so it comes before the first write: a step that fails must write nothing.
    let order = if decided.effects.is_empty() { 0 } else { next_order(host)? };

    // What is merely remembered is not woken.
    let mut wakes_at = None;
    let forgets = matches!(decided.next, Next::Forgotten);
    match decided.next {
        Next::Unchanged => {}
        Next::Remembered(state) => host.remember(&text::<M>(state)?),
        Next::Awaited(state) => {
            wakes_at = M::wakes_at(&state);
            host.remember(&text::<M>(state)?);
        }
        Next::Written(state) => {
            wakes_at = M::wakes_at(&state);
            host.write_state(&text::<M>(state)?);
            host.changed();
        }
        Next::Forgotten => {
            // What was promised to others is still performed.
            host.forget(EFFECT);
            host.changed();
        }
    }
    let changes_rows = !decided.rows.is_empty() || !decided.effects.is_empty() || forgets;
    for (key, row) in decided.rows {
        match row {
            Some(row) => host.write(&key, &serde_json::to_string(&row)?),
            None => host.remove(&key),
        }
    }
    if !decided.effects.is_empty() {
        store_effects(host, &decided.effects, order)?;
        let retry = now().plus(RETRY);
        set_alarm(host, wakes_at.map_or(retry, |moment| moment.min(retry)));
        host.owe();
    } else if let Some(moment) = wakes_at
        && (!host.has_alarm() || is_due_anew(moment, woken_before))
    {
        set_alarm(host, moment);
    }
    if changes_rows {
        host.commit();
    }
    if M::awaits_change(&decided.reply) {
        host.hold();
    }
    Ok(decided.reply)
}

/// Whether the alarm must be set. One that stands far off and is put off further is left where it
/// is, since setting it writes a row: when it comes too early, it is set again.
fn is_due_anew(moment: Timestamp, before: Option<Timestamp>) -> bool {
    before.is_none_or(|before| {
        let is_near = before < now().plus(FAR);
        moment < before || (moment > before && is_near)
    })
}

/// The machine's state, migrated to its current version.
///
/// # Errors
/// A state is stored but can't be read. The caller must then not decide, write or erase anything.
pub fn load<M: Machine>(host: &Host) -> Result<Option<M::State>, JsError> {
    let text = host.load().map_err(|_| unreadable(host, "state", None))?;
    stored::read_state::<M>(&text).map_err(|error| unreadable(host, "state", Some(error)))
}

fn text<M: Machine>(state: M::State) -> Result<String, JsError> {
    Ok(stored::write_state::<M>(state)?)
}

fn rows<M: Machine>(host: &Host, wanted: &[RowKeys]) -> Result<BTreeMap<String, M::Row>, JsError> {
    let mut rows = BTreeMap::new();
    let mut read = |key: String, text: &str| {
        let row = stored::read(text).map_err(|error| unreadable(host, "row", Some(error)))?;
        rows.insert(key, row);
        Ok::<(), JsError>(())
    };
    for keys in wanted {
        match keys {
            RowKeys::One(key) => {
                let text = host.read(key).map_err(|_| unreadable(host, "row", None))?;
                if let Some(text) = text {
                    read(key.clone(), &text)?;
                }
            }
            RowKeys::All(prefix) => {
                for (key, text) in pairs(host, prefix)? {
                    read(key, &text)?;
                }
            }
        }
    }
    Ok(rows)
}

/// Keys and values of the rows whose keys begin with `prefix`, in the order of the keys.
///
/// # Errors
/// The stored rows can't be listed as text.
pub fn pairs(host: &Host, prefix: &str) -> Result<Vec<(String, String)>, JsError> {
    let texts = host.list(prefix).map_err(|_| unreadable(host, "row", None))?;
    let mut texts = texts.iter().map(|text| text.as_string().unwrap_or_default());
    Ok(std::iter::from_fn(|| texts.next().zip(texts.next())).collect())
}

/// Logs and counts that stored data can't be read. The log names the object's class and ID, never the
/// content. The error has the same text, so that the sender of the command logs it with the request's ID.
pub fn unreadable(host: &Host, what: &str, why: Option<Unreadable>) -> JsError {
    let why = why.map_or_else(|| "not text".to_owned(), |why| why.to_string());
    JsError::new(&host.unreadable(what, &why))
}

fn store_effects(host: &Host, effects: &[Effect], order: i64) -> Result<(), JsError> {
    for (index, effect) in effects.iter().enumerate() {
        let chance = u64::from_be_bytes(entropy::bytes(&Random));
        let key = format!("{EFFECT}{order:016}/{index:06}/{chance:016x}");
        host.write(&key, &serde_json::to_string(effect)?);
    }
    Ok(())
}

/// The number that a step's effects have in their keys: the current time in milliseconds since 1970, or one
/// more than the last waiting effect's number if that is later. So keys sort in the order of the steps, even
/// if two steps fall into one millisecond or the clock is set back. The order matters because the newer of
/// two key sets must be published last.
fn next_order(host: &Host) -> Result<i64, JsError> {
    let last = pairs(host, EFFECT)?.pop().and_then(|(key, _)| order(&key));
    Ok(last.map_or(now().0, |last| now().0.max(last.saturating_add(1))))
}

/// The step's number in the key of an effect, in milliseconds since 1970; see [`next_order`].
fn order(key: &str) -> Option<i64> {
    key.strip_prefix(EFFECT)?.split('/').next()?.parse().ok()
}

/// Has the alarm come back to effects that were not performed; it wakes the machine too, if that is
/// due, and is set again for what comes after.
pub fn retry_later(host: &Host) {
    set_alarm(host, now().plus(RETRY));
}

/// Sets the alarm to try unreadable data again after `REPAIRED`, unless an alarm is set already.
pub fn retry_after_repair(host: &Host) {
    if !host.has_alarm() {
        set_alarm(host, now().plus(REPAIRED));
    }
}

fn set_alarm(host: &Host, Timestamp(at): Timestamp) {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 53 bits")]
    host.set_alarm(at as f64);
}
