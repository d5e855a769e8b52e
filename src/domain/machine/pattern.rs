//! What a machine, a command and a step are.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};

use super::{Class, Effect, Next, RowKeys, Wants, envelope};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::time::Timestamp;

/// A state machine. Each Durable Object hosts one.
pub trait Machine: Sized + 'static {
    /// The class of its objects.
    const CLASS: Class;
    /// The version of the stored state. A state of an earlier version goes through [`Machine::migrate`].
    const VERSION: u32 = 1;

    /// The state: always loaded, small, and of limited size.
    type State: Serialize + DeserializeOwned;
    /// The rows: data that can grow, stored apart and loaded only if a command asks for them.
    type Row: Serialize + DeserializeOwned;
    /// Its effects, besides commands to other machines and events.
    type Wants: Wants;

    /// Reads a command, and gives it to the receiver.
    ///
    /// # Errors
    /// The text is not a command of this machine.
    fn receive<R: Receive<Self>>(text: &str, receiver: R) -> Result<R::Output, serde_json::Error> {
        envelope::read(text, Commands(receiver, PhantomData::<Self>))
    }

    /// Gives the receiver the command with this name (`commands` in `message.rs` writes this).
    ///
    /// # Errors
    /// The machine has no such command, or the arguments don't fit it.
    fn take<'de, D: Deserializer<'de>, R: Receive<Self>>(
        _name: &str,
        _arguments: D,
        _receiver: R,
    ) -> Result<R::Output, D::Error> {
        Err(serde::de::Error::custom("no such command"))
    }

    /// When the alarm fires; [`Machine::wake`] then supplies the command. `None` for no alarm.
    fn wakes_at(_state: &Self::State) -> Option<Timestamp> {
        None
    }

    /// Gives the receiver the command of the alarm; `None` for a machine that has no alarm.
    fn wake<R: Receive<Self>>(_receiver: R) -> Option<R::Output> {
        None
    }

    /// Gives the receiver the command that reports the outcome of an effect; `None` if no outcome is reported.
    fn outcome<R: Receive<Self>>(_outcome: OutcomeOf<Self>, _receiver: R) -> Option<R::Output> {
        None
    }

    /// Converts a state that an earlier version stored; `None` if that isn't possible.
    fn migrate(_version: u32, state: serde_json::Value) -> Option<Self::State> {
        serde_json::from_value(state).ok()
    }

    /// The latest time in a row, if it has one. Time in an object never goes back before it, even if the clock does.
    fn latest(_row: &Self::Row) -> Option<Timestamp> {
        None
    }
}

/// The outcome of a machine's effects.
pub type OutcomeOf<M> = <<M as Machine>::Wants as Wants>::Outcome;

/// A command to a machine.
pub trait Command: Serialize + DeserializeOwned {
    /// Its name in messages.
    const NAME: &'static str;
    /// The name of its reply in messages; `None` if the reply is written without a name.
    const REPLY: Option<&'static str> = None;

    /// The machine that takes the command.
    type Machine: Machine;
    /// The reply to a command that succeeds.
    type Reply: Serialize + DeserializeOwned;
    /// Why the command is refused.
    type Error: Serialize + DeserializeOwned + std::error::Error;

    /// The rows to load for it. `now` is the same as in [`Command::decide`].
    fn rows(
        &self,
        _state: Option<&<Self::Machine as Machine>::State>,
        _now: Timestamp,
    ) -> Vec<RowKeys> {
        Vec::new()
    }

    /// Applies the command to the state; returns the changes and the answer. Does no I/O.
    fn decide(
        self,
        before: Before<Self::Machine>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Step<Self>;

    /// The command as it is sent: JSON.
    ///
    /// # Errors
    /// It can't be written as JSON.
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&envelope::Sent(Self::NAME, self))
    }

    /// Whether the reply may be held back until the state changes, if the caller asked to wait.
    fn awaits_change(_reply: &Result<Self::Reply, Self::Error>) -> bool {
        false
    }
}

/// Takes any command of a machine.
pub trait Receive<M: Machine> {
    /// The result.
    type Output;

    /// Takes the command.
    fn receive<C: Command<Machine = M>>(self, command: C) -> Self::Output;
}

/// The commands of a machine, and the receiver that takes them.
struct Commands<M, R>(R, PhantomData<M>);

impl<M: Machine, R: Receive<M>> envelope::Take for Commands<M, R> {
    type Output = R::Output;

    fn take<'de, D: Deserializer<'de>>(
        self,
        name: &str,
        arguments: D,
    ) -> Result<R::Output, D::Error> {
        M::take(name, arguments, self.0)
    }
}

/// What a command starts from: the state and the rows that it named.
pub struct Before<M: Machine> {
    /// The state; `None` if the object stores nothing.
    pub state: Option<M::State>,
    /// The rows, by key.
    pub rows: BTreeMap<String, M::Row>,
}

impl<M: Machine> Before<M> {
    /// For an object that stores nothing.
    pub fn nothing() -> Self {
        Self { state: None, rows: BTreeMap::new() }
    }
}

/// What a step changes.
pub struct Change<M: Machine> {
    /// What happens to the state.
    pub next: Next<M::State>,
    /// The rows to write, by key; `None` deletes a row.
    pub rows: Vec<(String, Option<M::Row>)>,
    /// The effects to perform after the commit.
    pub effects: Vec<EffectOf<M>>,
}

/// An effect of a machine.
pub type EffectOf<M> = Effect<<M as Machine>::Wants>;

impl<M: Machine> Change<M> {
    /// Changes nothing.
    pub fn none() -> Self {
        Self::to(Next::Unchanged)
    }

    /// Changes the state as `next` says.
    pub fn to(next: Next<M::State>) -> Self {
        Self { next, rows: Vec::new(), effects: Vec::new() }
    }

    /// Writes the state.
    pub fn written(state: M::State) -> Self {
        Self::to(Next::Written(state))
    }

    /// Also writes a row.
    #[must_use]
    pub fn put(mut self, key: String, row: M::Row) -> Self {
        self.rows.push((key, Some(row)));
        self
    }

    /// Also deletes a row.
    #[must_use]
    pub fn delete(mut self, key: String) -> Self {
        self.rows.push((key, None));
        self
    }

    /// Also performs effects.
    #[must_use]
    pub fn wants(mut self, effects: impl IntoIterator<Item = EffectOf<M>>) -> Self {
        self.effects.extend(effects);
        self
    }

    /// Also records events.
    #[must_use]
    pub fn records(mut self, event: Option<Event>) -> Self {
        if let Some(event) = event {
            self.effects.push(Effect::Record(event));
        }
        self
    }

    /// The step that makes this change and gives this reply.
    pub fn reply<C: Command<Machine = M>>(self, reply: Result<C::Reply, C::Error>) -> Step<C> {
        Step { change: self, reply }
    }
}

/// What a step decided.
pub struct Step<C: Command> {
    /// What changes.
    pub change: Change<C::Machine>,
    /// The answer.
    pub reply: Result<C::Reply, C::Error>,
}

impl<C: Command> Step<C> {
    /// Replies without changing anything.
    pub fn unchanged(reply: Result<C::Reply, C::Error>) -> Self {
        Change::none().reply(reply)
    }

    /// Writes the state and replies.
    pub fn written(
        state: <C::Machine as Machine>::State,
        reply: Result<C::Reply, C::Error>,
    ) -> Self {
        Change::written(state).reply(reply)
    }

    /// Changes the state as `next` says and replies.
    pub fn to(
        next: Next<<C::Machine as Machine>::State>,
        reply: Result<C::Reply, C::Error>,
    ) -> Self {
        Change::to(next).reply(reply)
    }

    /// Also writes a row.
    #[must_use]
    pub fn put(mut self, key: String, row: <C::Machine as Machine>::Row) -> Self {
        self.change = self.change.put(key, row);
        self
    }

    /// Also deletes a row.
    #[must_use]
    pub fn delete(mut self, key: String) -> Self {
        self.change = self.change.delete(key);
        self
    }

    /// Also performs effects.
    #[must_use]
    pub fn wants(mut self, effects: impl IntoIterator<Item = EffectOf<C::Machine>>) -> Self {
        self.change = self.change.wants(effects);
        self
    }

    /// Also records events.
    #[must_use]
    pub fn records(mut self, event: Option<Event>) -> Self {
        self.change = self.change.records(event);
        self
    }
}

/// The error of a command that can't fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NoError {}
