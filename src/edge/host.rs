//! Hosts any machine in a Durable Object: load, step, write in one commit, answer, set the alarm.
//!
//! Storage is synchronous and nothing awaits between the writes of a step, so that they commit as
//! one, effects included: what a machine wants from outside survives a crash and is performed
//! afterwards.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
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
use crate::domain::throttle::Throttle;
use crate::domain::time::{Seconds, Timestamp};

/// Keys of effects that are not yet performed begin so.
pub const EFFECT: &str = "effect/";
/// When the alarm comes back to effects that were not performed.
const RETRY: Seconds = Seconds(10);
/// An alarm that is further away than this may come too early.
const FAR: Seconds = Seconds(600);

/// A state as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<S> {
    version: u32,
    state: S,
}

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
        let command = serde_json::from_str(command)?;
        let reply = run::<M>(host, command)?;
        Ok(serde_json::to_string(&reply)?)
    }, Err(JsError::new("no such machine")))
}

/// The alarm has come.
#[wasm_bindgen]
pub fn wake(machine: &str, host: &Host) -> Result<(), JsError> {
    with_machine!(machine, M => {
        let due = load::<M>(host).is_some_and(|state| {
            M::wakes_at(&state).is_some_and(|moment| moment <= now())
        });
        if let Some(command) = M::wake().filter(|_| due) {
            run::<M>(host, command)?.ok();
        }
        // The alarm is spent: it is set again for whatever comes next.
        let next = load::<M>(host).and_then(|state| M::wakes_at(&state));
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
    let state = load::<M>(host);
    let woken_before = state.as_ref().and_then(M::wakes_at);
    let rows = rows::<M>(host, &M::rows(state.as_ref(), &command));
    let decided = M::step(Before { state, rows }, command, now(), &Random);

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
        store_effects(host, &decided.effects)?;
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

/// The machine's state, lifted to today's version.
pub fn load<M: Machine>(host: &Host) -> Option<M::State> {
    let text = host.load();
    if text.is_empty() {
        return None;
    }
    match serde_json::from_str::<Stored<M::State>>(&text) {
        Ok(stored) if stored.version == M::VERSION => Some(stored.state),
        _ => {
            let older: Stored<serde_json::Value> = serde_json::from_str(&text).ok()?;
            M::migrate(older.version, older.state)
        }
    }
}

fn text<M: Machine>(state: M::State) -> Result<String, JsError> {
    Ok(serde_json::to_string(&Stored { version: M::VERSION, state })?)
}

fn rows<M: Machine>(host: &Host, wanted: &[RowKeys]) -> BTreeMap<String, M::Row> {
    let mut rows = BTreeMap::new();
    let mut keep = |key: String, text: &str| {
        if let Ok(row) = serde_json::from_str(text) {
            rows.insert(key, row);
        }
    };
    for keys in wanted {
        match keys {
            RowKeys::One(key) => keep(key.clone(), &host.read(key)),
            RowKeys::All(prefix) => pairs(host, prefix).for_each(|(key, text)| keep(key, &text)),
        }
    }
    rows
}

/// Keys and values that begin so.
pub fn pairs(host: &Host, prefix: &str) -> impl Iterator<Item = (String, String)> {
    let texts: Vec<String> = host.list(prefix).iter().filter_map(|item| item.as_string()).collect();
    let mut texts = texts.into_iter();
    std::iter::from_fn(move || texts.next().zip(texts.next()))
}

fn store_effects(host: &Host, effects: &[Effect]) -> Result<(), JsError> {
    for (index, effect) in effects.iter().enumerate() {
        // Named by time and chance, so that effects of two steps never meet.
        let chance = u64::from_be_bytes(entropy::bytes(&Random));
        let key = format!("{EFFECT}{:016}/{index:06}/{chance:016x}", now().0);
        host.write(&key, &serde_json::to_string(effect)?);
    }
    Ok(())
}

/// Has the alarm come back to effects that were not performed; it wakes the machine too, if that is
/// due, and is set again for what comes after.
pub fn retry_later(host: &Host) {
    set_alarm(host, now().plus(RETRY));
}

fn set_alarm(host: &Host, Timestamp(at): Timestamp) {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 53 bits")]
    host.set_alarm(at as f64);
}
