//! The receiver of events: the objects that keep the latest events, and the log.

use serde_json::Value;

use crate::domain::event::Recorded;
use crate::domain::event_log::{self, EventLog, Record};
use crate::domain::machine::{Address, Command, Machine};
use crate::domain::time::Seconds;
use crate::ports::{Log, Objects, Unavailable};

/// Sends each event to the object that keeps the events of its subject, and then writes each to the log.
///
/// # Errors
/// An object couldn't be reached. A caller that sends the same events again, perhaps followed by others, overwrites
/// what arrived: the events for one object are one batch, under the ID of the first.
pub async fn record_events(
    objects: &dyn Objects,
    log: &dyn Log,
    events: &[Recorded],
) -> Result<(), Unavailable> {
    let mut batches: Vec<(Address, Record)> = Vec::new();
    let mut lines = Vec::new();
    for event in events {
        let line = event.to_json().map_err(Unavailable::new)?;
        let json: Value = serde_json::from_str(&line).map_err(Unavailable::new)?;
        lines.push(line);
        let to = event_log::address(event.subject());
        match batches.iter_mut().find(|(address, _)| *address == to) {
            Some((_, batch)) => batch.events.push(json),
            None => batches.push((to, Record { id: event.id.clone(), events: vec![json] })),
        }
    }
    for (to, batch) in &batches {
        let command = batch.write().map_err(Unavailable::new)?;
        objects.send(EventLog::CLASS, to, command, Seconds(0)).await?;
    }
    lines.iter().for_each(|line| log.event(line));
    Ok(())
}
