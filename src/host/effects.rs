//! Effects that wait to be performed. The effects of one step are one row, with a line for each, which is written
//! together with the step. So storing and removing them costs two rows, however many there are. Events that are not
//! kept are written to the log and stored nowhere.

use super::error::HostError;
use super::load::texts;
use super::store::Store;
use crate::domain::entropy;
use crate::domain::event::{Event, EventId, Source};
use crate::domain::machine::{Class, Effect, Wants};
use crate::domain::time::Timestamp;

/// The prefix of the keys of effects that are not performed yet.
pub const EFFECT: &str = "effect/";

/// The effects of a step, as text.
#[derive(Default)]
pub struct SerializedEffects {
    /// The row of the effects that are stored; `None` if there are none.
    pub row: Option<(String, String)>,
    /// The events that are only written to the log, as JSON.
    pub lines: Vec<String>,
}

/// An effect of a step, in a form that is the same for all machines.
enum Wanted {
    Text(String),
    Event(Event),
}

/// Writes the effects of a step as text.
pub fn write<W: Wants>(
    store: &dyn Store,
    class: Class,
    effects: Vec<Effect<W>>,
    now: Timestamp,
) -> Result<SerializedEffects, HostError> {
    let mut wanted = Vec::with_capacity(effects.len());
    for effect in effects {
        wanted.push(match effect {
            Effect::Record(event) => Wanted::Event(event),
            other => Wanted::Text(other.write()?),
        });
    }
    stamp(store, class, wanted, now)
}

/// Gives each event its ID, its time and its source.
fn stamp(
    store: &dyn Store,
    class: Class,
    wanted: Vec<Wanted>,
    now: Timestamp,
) -> Result<SerializedEffects, HostError> {
    if wanted.is_empty() {
        return Ok(SerializedEffects::default());
    }
    let is_stored = |wanted: &Wanted| match wanted {
        Wanted::Text(_) => true,
        Wanted::Event(event) => event.is_kept(),
    };
    let order =
        if wanted.iter().any(is_stored) { next_order(store, now)? } else { store.number(now.0) };
    let chance = u64::from_be_bytes(entropy::bytes(store.entropy()));
    let (mut texts, mut lines) = (Vec::new(), Vec::new());
    for (index, wanted) in wanted.into_iter().enumerate() {
        let event = match wanted {
            Wanted::Text(text) => {
                texts.push(text);
                continue;
            }
            Wanted::Event(event) => event,
        };
        let is_kept = event.is_kept();
        let source = Source { class: class.name().to_owned(), object: store.id() };
        let event = event.recorded(EventId::new((order, chance), index), now, Some(source));
        if is_kept {
            texts.push(event.to_line()?);
        } else {
            lines.push(event.to_json()?);
        }
    }
    let row = || (format!("{EFFECT}{order:016}/{chance:016x}"), texts.join("\n"));
    Ok(SerializedEffects { row: (!texts.is_empty()).then(row), lines })
}

/// The number of a step in the key of its effects: about the current time in milliseconds since 1970, and larger than
/// the numbers of all earlier steps that are in memory or whose effects still wait. So keys sort in the order of the
/// steps, even if two steps happen in one millisecond. The order matters because the newer of two key sets must be
/// published last, and because the IDs of events begin with it.
fn next_order(store: &dyn Store, now: Timestamp) -> Result<i64, HostError> {
    let last = texts(store, EFFECT)?.pop().and_then(|(key, _)| order(&key));
    Ok(store.number(last.map_or(now.0, |last| now.0.max(last.saturating_add(1)))))
}

/// The step's number in the key of its effects; see [`next_order`].
fn order(key: &str) -> Option<i64> {
    key.strip_prefix(EFFECT)?.split('/').next()?.parse().ok()
}
