//! Performs the effects of a machine, after they were stored with its state. Each is performed at least once. An effect
//! that fails stays stored, and the alarm tries it again.
//!
//! Commands to one object arrive in the order of the steps that sent them: if one fails, later ones to the same object
//! wait behind it.
//!
//! An effect that can't be read is logged, kept, and tried again a day later; the others are performed. While the
//! state can't be read, effects whose outcome goes back to the machine are kept as well, and the object is never
//! erased.
//!
//! Events are sent after the other effects: those of all waiting rows together, in order and in batches. Their rows are
//! written once, when the events have arrived, or before the effects of a later row are performed. So an event that
//! shares a row with other effects needs no write of its own, and if the process dies in between, the same batch is
//! sent again.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use super::any_machine::{AnyEffect, AnyMachine, Of};
use super::effects::EFFECT;
use super::error::HostError;
use super::load::{texts, unreadable};
use super::step::{retry_after_repair, retry_later};
use super::store::{Changes, Store};
use super::wants::{Outside, Perform};
use crate::domain::event::Recorded;
use crate::domain::machine::{Address, Class, Machine};
use crate::domain::stored::Unreadable;
use crate::ports::Unavailable;

/// The most events in a batch.
const MAX_EVENTS: usize = 16;

/// Performs every stored effect, one after the other, and gives each outcome to the machine. For one object, it must
/// not run twice at the same time.
///
/// # Errors
/// The store failed, or an outcome could not be given to the machine.
pub async fn perform<M: Machine<Wants: Perform>>(
    store: &dyn Store,
    outside: &Outside<'_>,
) -> Result<(), HostError> {
    perform_all(&Of::<M>(PhantomData), store, outside).await
}

async fn perform_all(
    machine: &dyn AnyMachine,
    store: &dyn Store,
    outside: &Outside<'_>,
) -> Result<(), HostError> {
    let is_readable = machine.is_empty(store).is_ok();
    let (unread, unreached, with_events) = (BTreeSet::new(), Vec::new(), Vec::new());
    let mut pass = Pass { machine, store, outside, is_readable, unread, unreached, with_events };
    while pass.over_all_rows().await? {}
    pass.record_events().await?;
    let unread = pass.unread;
    let mut left = Vec::new();
    for (_, text) in texts(store, EFFECT)? {
        left.extend(text.lines().map(String::from));
    }
    if left.iter().any(|line| !unread.contains(line)) {
        retry_later(store)?;
    } else if !left.is_empty() {
        retry_after_repair(store)?;
    }
    if left.is_empty() && matches!(machine.is_empty(store), Ok(true)) {
        store.erase().await?;
    }
    Ok(())
}

/// One run over the stored effects.
struct Pass<'a, 'o> {
    machine: &'a dyn AnyMachine,
    store: &'a dyn Store,
    outside: &'a Outside<'o>,
    /// Whether the state can be read.
    is_readable: bool,
    /// Effects that can't be read and, while the state can't be read, effects that have an outcome.
    unread: BTreeSet<String>,
    /// Objects that a command did not reach. Later commands to them wait behind it.
    unreached: Vec<(Class, Address)>,
    /// The rows with events, in the order of their keys, each with its remaining effects. They are not written yet.
    with_events: Vec<(String, Vec<Left>)>,
}

/// A remaining effect of a row.
struct Left {
    line: String,
    /// The event, if it is one.
    event: Option<Recorded>,
}

impl Pass<'_, '_> {
    /// Performs each effect once, except events. Returns whether one was performed, which may have added new effects. A
    /// row with events is read once.
    async fn over_all_rows(&mut self) -> Result<bool, HostError> {
        let mut progressed = false;
        for (key, text) in texts(self.store, EFFECT)? {
            if self.with_events.iter().any(|(passed, _)| *passed == key) {
                continue;
            }
            // Effects of earlier rows must not be repeated after those of this row.
            for (passed, left) in &self.with_events {
                self.write(passed, lines(left))?;
            }
            let mut waiting: Vec<String> = text.lines().map(String::from).collect();
            waiting.reverse();
            let mut left: Vec<Left> = Vec::new();
            while let Some(line) = waiting.pop() {
                if let Some(event) = Recorded::from_line(&line) {
                    let event = event.map_err(|error| self.wait(&line, error)).ok();
                    left.push(Left { line, event });
                    continue;
                }
                let Some(mut effect) = self.read(&line) else {
                    left.push(Left { line, event: None });
                    continue;
                };
                if self.is_outdated(&key, &waiting, &*effect)? {
                    continue;
                }
                let destination = effect.destination();
                if destination.as_ref().is_some_and(|to| self.unreached.contains(to)) {
                    left.push(Left { line, event: None });
                    continue;
                }
                let mut written = line;
                // This must be stored before anything is sent.
                if let Some(begun) = effect.begin()? {
                    written = begun;
                    let behind = [&written].into_iter().chain(waiting.iter().rev());
                    self.write(&key, lines(&left).chain(behind))?;
                }
                let has_outcome = effect.has_outcome();
                match effect.perform(self.store, self.outside).await {
                    Ok(taken) => {
                        taken?;
                        progressed = true;
                        if has_outcome {
                            // In the same turn of the event loop in which the machine took the outcome, so that both
                            // are committed together.
                            self.write(&key, lines(&left).chain(waiting.iter().rev()))?;
                        }
                    }
                    Err(error) => {
                        self.will_be_tried_again(&error);
                        left.push(Left { line: written, event: None });
                        self.unreached.extend(destination);
                    }
                }
            }
            if left.iter().any(|left| left.event.is_some()) {
                self.with_events.push((key, left));
            } else {
                self.write(&key, lines(&left))?;
            }
        }
        Ok(progressed)
    }

    /// Sends the events of all rows, in order, and writes the remaining effects of these rows in one commit. If a batch
    /// fails, later events wait behind it. Until the commit, the rows keep all their events, so a batch that is sent
    /// again begins with the same event and contains all of the earlier ones.
    async fn record_events(&mut self) -> Result<(), HostError> {
        let mut rows = std::mem::take(&mut self.with_events);
        let events = rows.iter().flat_map(|(_, left)| left).filter_map(|left| left.event.clone());
        let events: Vec<Recorded> = events.collect();
        let mut sent: usize = 0;
        for batch in events.chunks(MAX_EVENTS) {
            if let Err(error) = self.outside.ports.events.record(batch).await {
                self.will_be_tried_again(&error);
                break;
            }
            sent = sent.saturating_add(batch.len());
        }
        for (_, left) in &mut rows {
            left.retain(|left| {
                let is_sent = left.event.is_some() && sent > 0;
                sent = sent.saturating_sub(usize::from(is_sent));
                !is_sent
            });
        }
        let rows = rows.iter().filter_map(|(key, left)| self.changed(key, lines(left)).transpose());
        let rows = rows.collect::<Result<Vec<_>, HostError>>()?;
        if rows.is_empty() {
            return Ok(());
        }
        Ok(self.store.commit(Changes { rows, ..<_>::default() })?)
    }

    fn will_be_tried_again(&self, error: &Unavailable) {
        self.outside.ports.log.error(&format!("an effect will be tried again: {error}"));
    }

    /// Reads an effect; `None` if it must wait.
    fn read(&mut self, line: &str) -> Option<Box<dyn AnyEffect>> {
        match self.machine.read(line) {
            Ok(effect) if self.is_readable || !effect.has_outcome() => return Some(effect),
            Ok(_) => {
                self.unread.insert(line.to_owned());
            }
            Err(error) => self.wait(line, error),
        }
        None
    }

    /// Keeps an effect that can't be read, and logs it once.
    fn wait(&mut self, line: &str, error: Unreadable) {
        if self.unread.insert(line.to_owned()) {
            unreadable(self.store, "effect", error);
        }
    }

    /// Whether a later effect that is waiting replaces this one, so that this one must be skipped.
    fn is_outdated(
        &self,
        key: &str,
        waiting: &[String],
        effect: &dyn AnyEffect,
    ) -> Result<bool, HostError> {
        if !effect.is_replaceable() {
            return Ok(false);
        }
        let is_replaced_in = |(other, text): &(String, String)| {
            **other > *key && text.lines().any(|later| effect.is_replaced_by(later))
        };
        Ok(waiting.iter().any(|later| effect.is_replaced_by(later))
            || texts(self.store, EFFECT)?.iter().any(is_replaced_in))
    }

    /// Writes the effects that are left in a row, unless the row is unchanged.
    fn write<'l>(
        &self,
        key: &str,
        left: impl Iterator<Item = &'l String>,
    ) -> Result<(), HostError> {
        let Some(row) = self.changed(key, left)? else { return Ok(()) };
        Ok(self.store.commit(Changes { rows: vec![row], ..<_>::default() })?)
    }

    /// The row with the effects that are left in it; `None` if the row is unchanged.
    fn changed<'l>(
        &self,
        key: &str,
        left: impl Iterator<Item = &'l String>,
    ) -> Result<Option<(String, Option<String>)>, HostError> {
        let left: Vec<&str> = left.map(String::as_str).collect();
        let text = (!left.is_empty()).then(|| left.join("\n"));
        let stored =
            self.store.row(key).map_err(|error| unreadable(self.store, "effect", error))?;
        Ok((stored != text).then(|| (key.to_owned(), text)))
    }
}

fn lines(left: &[Left]) -> impl Iterator<Item = &String> {
    left.iter().map(|left| &left.line)
}
