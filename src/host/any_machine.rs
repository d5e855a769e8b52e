//! A machine and its effects with their types erased.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::error::HostError;
use super::load::state;
use super::step::Run;
use super::store::Store;
use super::wants::{Outside, Perform};
use crate::domain::machine::{Address, Class, Effect, EffectOf, Machine, Message};
use crate::domain::stored::Unreadable;
use crate::domain::time::Seconds;
use crate::ports::Unavailable;

/// A machine with its types erased, so that the loop is compiled once for all machines.
pub trait AnyMachine {
    /// Whether no state is stored.
    fn is_empty(&self, store: &dyn Store) -> Result<bool, HostError>;

    /// Reads an effect of the machine.
    fn read(&self, text: &str) -> Result<Box<dyn AnyEffect>, Unreadable>;
}

/// An effect of any machine.
pub trait AnyEffect {
    /// See [`Effect::has_outcome`].
    fn has_outcome(&self) -> bool;

    /// The object to which this sends a command; `None` if it sends none.
    fn destination(&self) -> Option<(Class, Address)>;

    /// The text of [`Effect::begun`].
    fn begin(&mut self) -> Result<Option<String>, HostError>;

    /// Whether a later effect can replace this one.
    fn is_replaceable(&self) -> bool;

    /// Whether the later effect with this text replaces it.
    fn is_replaced_by(&self, later: &str) -> bool;

    /// Performs it, and passes the outcome to the machine.
    fn perform<'a>(self: Box<Self>, store: &'a dyn Store, outside: &'a Outside<'_>) -> Work<'a>;
}

/// The future of an effect that is being performed. The outer error means that something outside failed.
pub type Work<'a> = Pin<Box<dyn Future<Output = Result<Result<(), HostError>, Unavailable>> + 'a>>;

/// The machine of this type.
pub struct Of<M>(pub PhantomData<M>);

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
            Effect::Own(_) | Effect::Record(_) => None,
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
                // Never reached: stored events are read by `Recorded::from_line`.
                Effect::Record(_) => None,
            };
            let taken = outcome.and_then(|outcome| M::outcome(outcome, Run(store)));
            Ok(taken.transpose().map(drop))
        })
    }
}
