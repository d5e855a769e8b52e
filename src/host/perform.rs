//! Performs the effects of a machine, after they were stored with its state. Each is performed at least once; what
//! fails stays stored, and the alarm comes back to it.
//!
//! Commands to one object arrive in the order of the steps that wanted them: where one fails, later ones to the same
//! object wait behind it.
//!
//! An effect that can't be read is logged, kept, and tried again a day later; the others are performed. While the
//! state can't be read, effects whose outcome goes back to the machine are kept as well, and the object is never
//! erased.

use std::collections::BTreeSet;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::effects::EFFECT;
use super::error::HostError;
use super::load::{state, texts, unreadable};
use super::step::{Run, retry_after_repair, retry_later};
use super::store::{Changes, Store};
use super::wants::{Outside, Perform};
use crate::domain::machine::{Address, Class, Effect, EffectOf, Machine, Message};
use crate::domain::stored::Unreadable;
use crate::domain::time::Seconds;
use crate::ports::Unavailable;

/// Performs every stored effect, one after the other, and gives each outcome to the machine. Must not run twice at
/// once for one object.
///
/// # Errors
/// The store failed, or an outcome could not be given to the machine.
pub async fn perform<M: Machine<Wants: Perform>>(
    store: &dyn Store,
    outside: &Outside<'_>,
) -> Result<(), HostError> {
    perform_all(&Of::<M>(PhantomData), store, outside).await
}

/// A machine without its types, so that the loop is compiled once for all of them.
trait AnyMachine {
    /// Whether no state is stored.
    fn is_empty(&self, store: &dyn Store) -> Result<bool, HostError>;

    /// Reads an effect of the machine.
    fn read(&self, text: &str) -> Result<Box<dyn AnyEffect>, Unreadable>;
}

/// An effect of any machine.
trait AnyEffect {
    /// See [`Effect::has_outcome`].
    fn has_outcome(&self) -> bool;

    /// The object to which this is a command.
    fn destination(&self) -> Option<(Class, Address)>;

    /// The text of [`Effect::begun`].
    fn begin(&mut self) -> Result<Option<String>, HostError>;

    /// Whether this publishes something that a later effect replaces.
    fn is_replaceable(&self) -> bool;

    /// Whether the later effect with this text replaces it.
    fn is_replaced_by(&self, later: &str) -> bool;

    /// Performs it, and gives the outcome to the machine.
    fn perform<'a>(self: Box<Self>, store: &'a dyn Store, outside: &'a Outside<'_>) -> Work<'a>;
}

type Work<'a> = Pin<Box<dyn Future<Output = Result<Result<(), HostError>, Unavailable>> + 'a>>;

struct Of<M>(PhantomData<M>);

impl<M: Machine<Wants: Perform>> AnyMachine for Of<M> {
    fn is_empty(&self, store: &dyn Store) -> Result<bool, HostError> {
        Ok(state::<M>(store)?.0.is_none())
    }

    fn read(&self, text: &str) -> Result<Box<dyn AnyEffect>, Unreadable> {
        Ok(Box::new(Waiting::<M>(EffectOf::<M>::read(text)?)))
    }
}

struct Waiting<M: Machine>(EffectOf<M>);

impl<M: Machine<Wants: Perform>> AnyEffect for Waiting<M> {
    fn has_outcome(&self) -> bool {
        self.0.has_outcome()
    }

    fn destination(&self) -> Option<(Class, Address)> {
        match &self.0 {
            Effect::Send(message) => Some((message.class, message.to.clone())),
            Effect::Own(_) => None,
        }
    }

    fn begin(&mut self) -> Result<Option<String>, HostError> {
        let Some(begun) = self.0.begun() else { return Ok(None) };
        self.0 = begun;
        Ok(Some(self.0.write()?))
    }

    fn is_replaceable(&self) -> bool {
        self.0.replaces(&self.0)
    }

    fn is_replaced_by(&self, later: &str) -> bool {
        EffectOf::<M>::read(later).is_ok_and(|later| later.replaces(&self.0))
    }

    fn perform<'a>(self: Box<Self>, store: &'a dyn Store, outside: &'a Outside<'_>) -> Work<'a> {
        Box::pin(async move {
            let outcome = match self.0 {
                Effect::Send(Message { class, to, command }) => {
                    let command = command.to_string();
                    outside.ports.objects.send(class, &to, command, Seconds(0)).await?;
                    None
                }
                Effect::Own(wanted) => wanted.perform(outside).await?,
            };
            let taken = outcome.and_then(|outcome| M::outcome(outcome, Run(store)));
            Ok(taken.transpose().map(drop))
        })
    }
}

async fn perform_all(
    machine: &dyn AnyMachine,
    store: &dyn Store,
    outside: &Outside<'_>,
) -> Result<(), HostError> {
    let is_readable = machine.is_empty(store).is_ok();
    let mut pass = Pass { machine, store, outside, is_readable, unread: BTreeSet::new() };
    while pass.over_all_rows().await? {}
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

/// Passes over the stored effects.
struct Pass<'a, 'o> {
    machine: &'a dyn AnyMachine,
    store: &'a dyn Store,
    outside: &'a Outside<'o>,
    /// Whether the state can be read.
    is_readable: bool,
    /// Effects that can't be read, or whose outcome the machine couldn't take.
    unread: BTreeSet<String>,
}

impl Pass<'_, '_> {
    /// Performs each effect once; returns whether one was performed, and may have brought others.
    async fn over_all_rows(&mut self) -> Result<bool, HostError> {
        let mut progressed = false;
        let mut unreached = Vec::new();
        for (key, text) in texts(self.store, EFFECT)? {
            let mut waiting: Vec<String> = text.lines().map(String::from).collect();
            waiting.reverse();
            let mut left = Vec::new();
            while let Some(line) = waiting.pop() {
                let Some(mut effect) = self.read(&line) else {
                    left.push(line);
                    continue;
                };
                if self.is_outdated(&key, &waiting, &*effect)? {
                    continue;
                }
                let destination = effect.destination();
                if destination.as_ref().is_some_and(|to| unreached.contains(to)) {
                    left.push(line);
                    continue;
                }
                let mut written = line;
                // Network and storage keep their order: this is written before anything is sent.
                if let Some(begun) = effect.begin()? {
                    written = begun;
                    self.write(&key, left.iter().chain([&written]).chain(waiting.iter().rev()))?;
                }
                let has_outcome = effect.has_outcome();
                match effect.perform(self.store, self.outside).await {
                    Ok(taken) => {
                        taken?;
                        progressed = true;
                        if has_outcome {
                            // In the turn in which the machine took it.
                            self.write(&key, left.iter().chain(waiting.iter().rev()))?;
                        }
                    }
                    Err(error) => {
                        let message = format!("an effect will be tried again: {error}");
                        self.outside.ports.log.error(&message);
                        left.push(written);
                        unreached.extend(destination);
                    }
                }
            }
            self.write(&key, left.iter())?;
        }
        Ok(progressed)
    }

    /// Reads an effect; `None` if it must wait.
    fn read(&mut self, line: &str) -> Option<Box<dyn AnyEffect>> {
        match self.machine.read(line) {
            Ok(effect) if self.is_readable || !effect.has_outcome() => return Some(effect),
            Ok(_) => {
                self.unread.insert(line.to_owned());
            }
            Err(error) => {
                if self.unread.insert(line.to_owned()) {
                    unreadable(self.store, "effect", error);
                }
            }
        }
        None
    }

    /// Whether a later effect is waiting that replaces what this one writes, so that this one must be skipped.
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

    /// Writes the effects that are left in a row, unless it has just these.
    fn write<'l>(
        &self,
        key: &str,
        left: impl Iterator<Item = &'l String>,
    ) -> Result<(), HostError> {
        let left: Vec<&str> = left.map(String::as_str).collect();
        let text = (!left.is_empty()).then(|| left.join("\n"));
        let stored =
            self.store.row(key).map_err(|error| unreadable(self.store, "effect", error))?;
        if stored == text {
            return Ok(());
        }
        let rows = vec![(key.to_owned(), text)];
        Ok(self.store.commit(Changes { rows, ..<_>::default() })?)
    }
}
