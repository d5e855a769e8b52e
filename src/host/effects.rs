//! Effects that wait to be performed. Those of one step are one row, a line for each, written with the step that wants
//! them: so that however many a step wants, storing and removing them costs two rows. Events that are not kept are lines of
//! the log, and stored nowhere.

use super::error::HostError;
use super::load::texts;
use super::store::Store;
use crate::domain::entropy;
use crate::domain::event::{Event, EventId, Source};
use crate::domain::machine::{Class, Effect, Wants};
use crate::domain::time::Timestamp;

/// Keys of effects that are not yet performed begin so.
pub const EFFECT: &str = "effect/";

/// What a step wants, as texts.
#[derive(Default)]
pub struct SerializedEffects {
    /// The row of the effects that are stored; `None` if there are none.
    pub row: Option<(String, String)>,
    /// The events that are lines of the log alone, as JSON.
    pub lines: Vec<String>,
}

/// An effect that a step wants, in the form that is the same for all machines.
enum Wanted {
    Text(String),
    Event(Event),
}

/// Writes what a step wants.
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

/// Gives each event its stamp.
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

/// The number that a step's effects have in their key: about the current time in milliseconds since 1970, larger than
/// those of all earlier steps that the memory knows or that still wait. So keys sort in the order of the steps, even if
/// two steps fall into one millisecond. The order matters because the newer of two key sets must be published last, and
/// because the IDs of events begin with it.
fn next_order(store: &dyn Store, now: Timestamp) -> Result<i64, HostError> {
    let last = texts(store, EFFECT)?.pop().and_then(|(key, _)| order(&key));
    Ok(store.number(last.map_or(now.0, |last| now.0.max(last.saturating_add(1)))))
}

/// The step's number in the key of its effects; see [`next_order`].
fn order(key: &str) -> Option<i64> {
    key.strip_prefix(EFFECT)?.split('/').next()?.parse().ok()
}
