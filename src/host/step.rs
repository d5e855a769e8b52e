//! Runs one step of a machine.

use super::effects::{self, EFFECT};
use super::error::HostError;
use super::load;
use super::store::{Changes, NewState, Store};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{
    Before, Change, Command, Machine, Next, Receive, RowKeys, Step, message, stored_state,
};
use crate::domain::time::{Seconds, Timestamp};

/// When the alarm retries effects that were not performed. Counted by [`Store::clock`], so that effects don't wait
/// until a clock that was set back has caught up.
const RETRY: Seconds = Seconds(10);
/// How long after unreadable data was found the alarm tries again. By then an operator may have repaired the data, or
/// deployed a release that can read it.
const REPAIRED: Seconds = Seconds(24 * 60 * 60);
/// An alarm that is further away than this isn't rescheduled on every write.
const FAR: Seconds = Seconds(600);

/// The host's reply to a command.
#[derive(Debug)]
pub struct HostReply {
    /// The reply, as JSON.
    pub reply: String,
    /// Whether effects are waiting to be performed.
    pub owes: bool,
    /// Whether the reply may be held until the state changes.
    pub may_be_held: bool,
}

/// Runs a command, given as JSON.
///
/// # Errors
/// [`HostError`]. Nothing was written.
pub fn step<M: Machine>(store: &dyn Store, command: &str) -> Result<HostReply, HostError> {
    M::receive(command, Run(store)).map_err(|_| HostError::NoCommand(M::CLASS))?
}

/// Runs the command of the alarm, which has fired.
///
/// # Errors
/// The command failed. Unreadable data is no error here: it was logged, and the alarm fires again.
pub fn wake<M: Machine>(store: &dyn Store) -> Result<(), HostError> {
    let Ok((state, at)) = load::state::<M>(store) else {
        // If the alarm failed here, the platform would retry it six times and then give up.
        return retry_after_repair(store);
    };
    let now = store.now(at);
    if state.and_then(|state| M::wakes_at(&state)).is_some_and(|moment| moment <= now) {
        match M::wake(Run(store)).transpose() {
            // A row can't be read. It was logged; effects that wait are performed all the same.
            Err(HostError::Unreadable(_)) => return retry_after_repair(store),
            woken => woken.map(drop)?,
        }
    }
    // The alarm has fired, so it must be set again.
    let next = load::state::<M>(store)?.0.and_then(|state| M::wakes_at(&state));
    match next {
        Some(moment) if !store.has_alarm() => {
            set_alarm(store, moment.max(store.clock().plus(Seconds(1))))
        }
        _ => Ok(()),
    }
}

/// Runs any command of a machine.
pub struct Run<'a>(pub &'a dyn Store);

impl<M: Machine> Receive<M> for Run<'_> {
    type Output = Result<HostReply, HostError>;

    fn receive<C: Command<Machine = M>>(self, command: C) -> Self::Output {
        run(self.0, Box::new(command))
    }
}

/// A command with its type erased, so that everything around its decision is compiled once for each machine.
trait AnyCommand<M: Machine> {
    /// See [`Command::rows`].
    fn rows(&self, state: Option<&M::State>, now: Timestamp) -> Vec<RowKeys>;

    /// See [`Command::decide`].
    fn decide(
        self: Box<Self>,
        before: Before<M>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Decided<M>, serde_json::Error>;
}

/// A step with its reply as JSON.
struct Decided<M: Machine> {
    change: Change<M>,
    reply: String,
    may_be_held: bool,
}

impl<C: Command> AnyCommand<C::Machine> for C {
    fn rows(&self, state: Option<&<C::Machine as Machine>::State>, now: Timestamp) -> Vec<RowKeys> {
        Command::rows(self, state, now)
    }

    fn decide(
        self: Box<Self>,
        before: Before<C::Machine>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Decided<C::Machine>, serde_json::Error> {
        let Step { change, reply } = Command::decide(*self, before, now, entropy);
        let may_be_held = C::awaits_change(&reply);
        Ok(Decided { change, reply: message::write_answer::<C>(&reply)?, may_be_held })
    }
}

fn run<M: Machine>(
    store: &dyn Store,
    command: Box<dyn AnyCommand<M> + '_>,
) -> Result<HostReply, HostError> {
    let (state, at) = load::state::<M>(store)?;
    let woken_before = state.as_ref().and_then(M::wakes_at);
    let mut now = store.now(at);
    let rows = load::rows::<M>(store, &command.rows(state.as_ref(), now))?;
    if let Some(latest) = rows.values().filter_map(M::latest).max() {
        now = store.now(latest.max(now));
    }
    let before = Before { state, rows };
    let Decided { change, reply, may_be_held } = command.decide(before, now, store.entropy())?;
    let SerializedStep { change, wanted } = write(store, change, now)?;
    let owes = wanted.row.is_some();
    commit(store, (change, wanted.row), woken_before, now)?;
    wanted.lines.iter().for_each(|line| store.log_event(line));
    Ok(HostReply { reply, owes, may_be_held })
}

/// A step as text.
struct SerializedStep {
    change: SerializedChange,
    wanted: effects::SerializedEffects,
}

/// A change as text.
struct SerializedChange {
    next: Next<String>,
    /// When the machine's alarm fires; `None` for a state kept only in memory, which sets no alarm.
    wakes_at: Option<Timestamp>,
    rows: Vec<(String, Option<String>)>,
}

fn write<M: Machine>(
    store: &dyn Store,
    change: Change<M>,
    now: Timestamp,
) -> Result<SerializedStep, HostError> {
    let wakes_at = match &change.next {
        Next::Awaited(state) | Next::Written(state) => M::wakes_at(state),
        Next::Unchanged | Next::Remembered(_) | Next::Forgotten => None,
    };
    let row = |(key, row): (String, Option<M::Row>)| {
        Ok((key, row.map(|row| serde_json::to_string(&row)).transpose()?))
    };
    let next = change.next.try_map(|state| stored_state::write::<M>(state, now))?;
    let rows = change.rows.into_iter().map(row).collect::<Result<_, HostError>>()?;
    let wanted = effects::write(store, M::CLASS, change.effects, now)?;
    Ok(SerializedStep { change: SerializedChange { next, wakes_at, rows }, wanted })
}

/// Commits the change together with its effects.
fn commit(
    store: &dyn Store,
    (change, effects): (SerializedChange, Option<(String, String)>),
    woken_before: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), HostError> {
    let SerializedChange { next, wakes_at, rows } = change;
    let alarm = if effects.is_none() {
        wakes_at.filter(|moment| !store.has_alarm() || is_due_anew(*moment, woken_before, now))
    } else {
        let retry = store.clock().plus(RETRY);
        Some(wakes_at.map_or(retry, |moment| moment.min(retry)))
    };
    let rows_of_effects = effects.map(|(key, text)| (key, Some(text))).into_iter().collect();
    let mut changes = Changes { rows: rows_of_effects, alarm, ..<_>::default() };
    changes.state = match next {
        Next::Unchanged => NewState::Unchanged,
        Next::Remembered(state) | Next::Awaited(state) => NewState::Remembered(state),
        Next::Written(state) => NewState::Written(state),
        Next::Forgotten => {
            // Effects that wait are still performed.
            let all = load::texts(store, "")?.into_iter().map(|(key, _)| key);
            let gone = all.filter(|key| !key.starts_with(EFFECT)).map(|key| (key, None));
            changes.rows.extend(gone);
            NewState::Deleted
        }
    };
    changes.rows.extend(rows);
    if changes.is_none() {
        return Ok(());
    }
    Ok(store.commit(changes)?)
}

/// Whether the alarm must be set. An alarm that is far away and moves further away isn't rescheduled, since setting it
/// writes a row. An alarm that fires early re-arms itself.
fn is_due_anew(moment: Timestamp, before: Option<Timestamp>, now: Timestamp) -> bool {
    before.is_none_or(|before| {
        let is_near = before < now.plus(FAR);
        moment < before || (moment > before && is_near)
    })
}

/// Sets the alarm to retry effects that were not performed. It also runs the machine's own alarm if that is due, and
/// re-arms itself.
pub fn retry_later(store: &dyn Store) -> Result<(), HostError> {
    set_alarm(store, store.clock().plus(RETRY))
}

/// Sets the alarm to try unreadable data again after `REPAIRED`, unless an alarm is set already.
pub fn retry_after_repair(store: &dyn Store) -> Result<(), HostError> {
    if store.has_alarm() {
        return Ok(());
    }
    set_alarm(store, store.clock().plus(REPAIRED))
}

fn set_alarm(store: &dyn Store, moment: Timestamp) -> Result<(), HostError> {
    Ok(store.commit(Changes { alarm: Some(moment), ..<_>::default() })?)
}
