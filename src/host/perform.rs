//! Performs the effects of a machine, after they were stored with its state. Each is performed at least once; what
//! fails stays stored, and the alarm comes back to it.
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
use crate::domain::machine::{Effect, EffectOf, Machine, Message};
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
    let mut unread = BTreeSet::new();
    loop {
        let mut progressed = false;
        for (key, text) in texts(store, EFFECT)? {
            let mut effect = match machine.read(&text) {
                Ok(effect) if is_readable || !effect.has_outcome() => effect,
                Ok(_) => {
                    unread.insert(key);
                    continue;
                }
                Err(error) => {
                    if unread.insert(key) {
                        unreadable(store, "effect", error);
                    }
                    continue;
                }
            };
            if is_outdated(store, &key, &*effect)? {
                done(store, key)?;
                continue;
            }
            // Network and storage keep their order: this is written before anything is sent.
            if let Some(begun) = effect.begin()? {
                let rows = vec![(key.clone(), Some(begun))];
                store.commit(Changes { rows, ..<_>::default() })?;
            }
            match effect.perform(store, outside).await {
                Ok(taken) => {
                    taken?;
                    done(store, key)?;
                    progressed = true;
                }
                Err(error) => {
                    let message = format!("an effect will be tried again: {error}");
                    outside.ports.log.error(&message);
                }
            }
        }
        if !progressed {
            break;
        }
    }
    let left = texts(store, EFFECT)?;
    if left.iter().any(|(key, _)| !unread.contains(key)) {
        retry_later(store)?;
    } else if !left.is_empty() {
        retry_after_repair(store)?;
    }
    if left.is_empty() && matches!(machine.is_empty(store), Ok(true)) {
        store.erase().await?;
    }
    Ok(())
}

/// Removes an effect that was performed.
fn done(store: &dyn Store, key: String) -> Result<(), HostError> {
    Ok(store.commit(Changes { rows: vec![(key, None)], ..<_>::default() })?)
}

/// Whether a later effect is waiting that replaces what this one writes, so that this one must be skipped.
fn is_outdated(store: &dyn Store, key: &str, effect: &dyn AnyEffect) -> Result<bool, HostError> {
    Ok(effect.is_replaceable()
        && texts(store, EFFECT)?
            .iter()
            .any(|(other, text)| **other > *key && effect.is_replaced_by(text)))
}
