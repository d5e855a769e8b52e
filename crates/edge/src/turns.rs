//! The executor. A task runs until it waits, gives up its turn, and is polled again in its next one. JavaScript does the
//! awaiting (`turns` in `module.js`).
//!
//! A task waits in one of two ways:
//! - [`outcome`] waits for the promise that a function of `platform.js` has just begun. JavaScript awaits this promise
//!   itself and hands the value in, so no closure and no waker is made. What every request does waits like this.
//! - [`foreign`] polls a future that calls its waker, such as one of the `worker` crate. JavaScript then awaits a promise
//!   that the waker resolves.
//!
//! A task may wait for several things at once, as long as it polls all of them in each of its turns (as
//! `futures_util::future::join` does). Only one promise has the fast way; the others become futures with a waker.
//! `docs/decisions/waiting-in-turns.md` says why.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::futures::JsFuture;
use wasm_bindgen::prelude::*;

use super::clock::now;
use super::module::Module;
use super::parking;
use super::slot::Slot;
use super::tasks::Tasks;
use vestibule::ports::Unavailable;

type Work = Pin<Box<dyn Future<Output = Result<(), JsError>>>>;

/// What a promise came to: a value, or the message of an error.
type Outcome = Result<JsValue, String>;

/// The number of no task.
const DONE: u32 = 0;

/// A task between two turns.
struct Waiting {
    work: Work,
    slot: Slot<Outcome>,
    /// Held while wakers may wake the task.
    _parking: Option<Parking>,
}

/// The turn that is going on.
#[derive(Default)]
struct Turn {
    /// The number of the task, or [`DONE`] between turns.
    task: u32,
    slot: Slot<Outcome>,
    /// Whether the task has polled a future that will call its waker.
    has_waker: bool,
    /// Whether a waker of the task was called during the turn.
    is_woken: bool,
}

thread_local! {
    static TASKS: RefCell<Tasks<Waiting>> = RefCell::default();
    static TURN: RefCell<Turn> = RefCell::default();
}

/// Starts a task. Returns its number if it waits, or zero if it is done.
pub fn begin(work: impl Future<Output = Result<(), JsError>> + 'static) -> Result<u32, JsError> {
    let (number, abandoned) =
        TASKS.with_borrow_mut(|tasks| (tasks.next_number(), tasks.sweep(now().0)));
    // Dropped after the borrow: what a task holds may itself come here when it is dropped.
    drop(abandoned);
    turn(number, Box::pin(work), Slot::Free)
}

/// Gives a task its next turn, with the outcome of the promise that had the fast way.
#[wasm_bindgen]
pub fn resume(number: u32, outcome: JsValue, failed: bool) -> Result<u32, JsError> {
    let Waiting { work, .. } = take(number)?;
    let outcome = if failed { Err(message(&outcome)) } else { Ok(outcome) };
    turn(number, work, Slot::Arrived(outcome))
}

/// Gives a task its next turn because one of its wakers was called.
#[wasm_bindgen(js_name = wakeUp)]
pub fn wake_up(number: u32) -> Result<u32, JsError> {
    let Waiting { work, slot, .. } = take(number)?;
    turn(number, work, slot)
}

fn take(number: u32) -> Result<Waiting, JsError> {
    let task = TASKS.with_borrow_mut(|tasks| tasks.take(number));
    task.ok_or_else(|| JsError::new("no such task"))
}

fn turn(task: u32, mut work: Work, slot: Slot<Outcome>) -> Result<u32, JsError> {
    TURN.set(Turn { task, slot, ..Turn::default() });
    let ended = loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            TURN.take();
            return done.map(|()| DONE);
        }
        let is_woken = TURN.with_borrow_mut(|turn| mem::take(&mut turn.is_woken));
        if !is_woken {
            break TURN.take();
        }
    };
    let slot = ended.slot.between_turns();
    if matches!(slot, Slot::Free) && !ended.has_waker {
        return Err(JsError::new("a task waits for nothing"));
    }
    let parking = ended.has_waker.then(|| Parking::new(task));
    let waiting = Waiting { work, slot, _parking: parking };
    TASKS.with_borrow_mut(|tasks| tasks.park(task, waiting));
    Ok(task)
}

/// How many tasks wait.
pub fn waiting() -> usize {
    TASKS.with_borrow(Tasks::len)
}

/// Waits for the promise that a function of `platform.js` has just begun.
pub async fn outcome() -> Result<JsValue, Unavailable> {
    if !TURN.with_borrow_mut(|turn| turn.slot.claim()) {
        let promise = parking::take_spare();
        return foreign(JsFuture::from(promise))
            .await
            .map_err(|error| Unavailable(message(&error)));
    }
    let mut is_first = true;
    let arrived = poll_fn(|_| {
        if mem::take(&mut is_first) {
            return Poll::Pending;
        }
        TURN.with_borrow_mut(|turn| turn.slot.take()).map_or(Poll::Pending, Poll::Ready)
    });
    arrived.await.map_err(Unavailable)
}

/// Waits for a future that calls its waker, such as one of the `worker` crate.
pub async fn foreign<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(TaskWaker(TURN.with_borrow(|turn| turn.task))));
    poll_fn(|_| {
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_pending() {
            TURN.with_borrow_mut(|turn| turn.has_waker = true);
        }
        polled
    })
    .await
}

/// Wakes the task with this number.
struct TaskWaker(u32);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let is_polled = TURN.with_borrow_mut(|turn| {
            let is_polled = turn.task == self.0;
            turn.is_woken |= is_polled;
            is_polled
        });
        if !is_polled {
            parking::wake(Module::this().number(), self.0);
        }
    }
}

/// The promise that wakers of a task resolve. JavaScript forgets it when this is dropped.
struct Parking(u32);

impl Parking {
    fn new(task: u32) -> Self {
        parking::park(Module::this().number(), task);
        Self(task)
    }
}

impl Drop for Parking {
    fn drop(&mut self) {
        parking::unpark(Module::this().number(), self.0);
    }
}

fn message(error: &JsValue) -> String {
    let error = error.dyn_ref::<js_sys::Error>().map(js_sys::Error::message);
    error.map_or_else(|| "something that is not an error was thrown".to_owned(), String::from)
}
