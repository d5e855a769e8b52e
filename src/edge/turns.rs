//! Work that waits for JavaScript, in turns: it works until it waits, gives up its turn, and gets the
//! outcome with its next one. JavaScript does the awaiting (`turns` in `entry.js`), so that no
//! closure, no promise and no microtask is made for a step.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;

use super::ports::now;
use crate::domain::time::Timestamp;
use crate::ports::Unavailable;

type Work = Pin<Box<dyn Future<Output = Result<(), JsError>>>>;

/// What a task waited for: a value, or the message of an error.
type Outcome = Result<JsValue, String>;

/// How long a task may live, in milliseconds: longer than anything that is waited for. The runtime
/// drops what it does for a caller who has gone, and never tells.
const LONGEST: i64 = 10 * 60_000;
/// Abandoned tasks are looked for once in so many.
const SWEEP: u32 = 256;
/// The number of no task.
const DONE: u32 = 0;

#[derive(Default)]
struct Tasks {
    last: u32,
    waiting: BTreeMap<u32, (Timestamp, Work)>,
}

impl Tasks {
    /// A number that no waiting task has.
    fn next(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1);
            if self.last != DONE && !self.waiting.contains_key(&self.last) {
                return self.last;
            }
        }
    }
}

thread_local! {
    static TASKS: RefCell<Tasks> = RefCell::default();
    // What the task that has its turn waited for.
    static ARRIVED: Cell<Option<Outcome>> = const { Cell::new(None) };
}

/// Begins; comes back with the number of the task that waits, or with zero when all is done.
pub fn begin(work: impl Future<Output = Result<(), JsError>> + 'static) -> Result<u32, JsError> {
    let began = now();
    let number = TASKS.with_borrow_mut(|tasks| {
        let number = tasks.next();
        if number.is_multiple_of(SWEEP) {
            tasks
                .waiting
                .retain(|_, (began_then, _)| began.0.saturating_sub(began_then.0) < LONGEST);
        }
        number
    });
    turn(number, began, Box::pin(work))
}

/// Gives a task its next turn, with what it waited for.
#[wasm_bindgen]
pub fn resume(number: u32, outcome: JsValue, failed: bool) -> Result<u32, JsError> {
    let task = TASKS.with_borrow_mut(|tasks| tasks.waiting.remove(&number));
    let (began, work) = task.ok_or_else(|| JsError::new("no such task"))?;
    let outcome = if failed { Err(message(&outcome)) } else { Ok(outcome) };
    ARRIVED.set(Some(outcome));
    turn(number, began, work)
}

fn turn(number: u32, began: Timestamp, mut work: Work) -> Result<u32, JsError> {
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done.map(|()| DONE),
        Poll::Pending => {
            TASKS.with_borrow_mut(|tasks| tasks.waiting.insert(number, (began, work)));
            Ok(number)
        }
    }
}

/// Gives up the turn; comes back with the outcome of the promise that the platform was just asked
/// for. One task waits for one thing at a time.
pub async fn outcome() -> Result<JsValue, Unavailable> {
    let mut asked = false;
    let arrived = poll_fn(|_| {
        if !asked {
            asked = true;
            return Poll::Pending;
        }
        ARRIVED.take().map_or(Poll::Pending, Poll::Ready)
    });
    arrived.await.map_err(Unavailable::new)
}

fn message(error: &JsValue) -> String {
    let error = error.dyn_ref::<js_sys::Error>().map(js_sys::Error::message);
    error.map_or_else(|| "something that is no error".to_owned(), String::from)
}
