//! Simulates the death of the process, like `kill -9`.

use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Counts the moments at which a death makes a difference: before and after each write, and each exchange with the
/// outside.
#[derive(Default)]
pub struct Fuse {
    left: Cell<Option<u32>>,
    is_burnt: Cell<bool>,
}

impl Fuse {
    /// The process dies after this many moments.
    pub fn light(&self, moments: u32) {
        self.left.set(Some(moments));
    }

    /// Another process starts; returns whether the previous one died.
    pub fn replace(&self) -> bool {
        self.left.set(None);
        self.is_burnt.replace(false)
    }

    pub fn is_burnt(&self) -> bool {
        self.is_burnt.get()
    }

    /// A moment passes; returns false if the process is dead.
    pub fn moment(&self) -> bool {
        match self.left.get() {
            Some(0) => self.is_burnt.set(true),
            Some(left) => self.left.set(Some(left - 1)),
            None => {}
        }
        !self.is_burnt.get()
    }

    /// A moment passes. In a dead process, this never returns.
    pub async fn survive(&self) {
        if !self.moment() {
            pending().await
        }
    }

    /// The result of a task; `None` if the process dies during it.
    pub fn run<T>(&self, task: impl Future<Output = T>) -> Option<T> {
        let mut task = pin!(task);
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Some(outcome).filter(|_| !self.is_burnt()),
            Poll::Pending if self.is_burnt() => None,
            Poll::Pending => panic!("nothing here waits for anything else"),
        }
    }
}
