//! Work that waits for JavaScript, in turns: it works until it waits, gives up its turn, and gets the
//! outcome with its next one. JavaScript does the awaiting (`turns` in `entry.js`), so that no
//! closure, no promise and no microtask is made for a step.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;

use super::clock::now;
use super::tasks::Tasks;
use crate::ports::Unavailable;

type Work = Pin<Box<dyn Future<Output = Result<(), JsError>>>>;

/// What a task waited for: a value, or the message of an error.
type Outcome = Result<JsValue, String>;

/// The number of no task.
const DONE: u32 = 0;

thread_local! {
    static TASKS: RefCell<Tasks<Work>> = RefCell::default();
    // What the task that has its turn waited for.
    static ARRIVED: Cell<Option<Outcome>> = const { Cell::new(None) };
}

/// Begins; comes back with the number of the task that waits, or with zero when all is done.
pub fn begin(work: impl Future<Output = Result<(), JsError>> + 'static) -> Result<u32, JsError> {
    let (number, abandoned) =
        TASKS.with_borrow_mut(|tasks| (tasks.next_number(), tasks.sweep(now().0)));
    // Only now: what a task holds may itself come here when it is dropped.
    drop(abandoned);
    turn(number, Box::pin(work))
}

/// Gives a task its next turn, with what it waited for.
#[wasm_bindgen]
pub fn resume(number: u32, outcome: JsValue, failed: bool) -> Result<u32, JsError> {
    let task = TASKS.with_borrow_mut(|tasks| tasks.take(number));
    let work = task.ok_or_else(|| JsError::new("no such task"))?;
    let outcome = if failed { Err(message(&outcome)) } else { Ok(outcome) };
    ARRIVED.set(Some(outcome));
    turn(number, work)
}

fn turn(number: u32, mut work: Work) -> Result<u32, JsError> {
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done.map(|()| DONE),
        Poll::Pending => {
            TASKS.with_borrow_mut(|tasks| tasks.park(number, work));
            Ok(number)
        }
    }
}

/// How many tasks wait.
pub fn waiting() -> usize {
    TASKS.with_borrow(Tasks::len)
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
