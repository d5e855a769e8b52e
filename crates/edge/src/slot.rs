//! The fast way to wait: one promise of a task at a time. Knows no platform, so it is tested natively
//! (`tests/native/slot.rs`).

use std::mem;

/// Who waits for the promise that JavaScript awaits itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Slot<T> {
    /// Nobody.
    #[default]
    Free,
    /// A future of the task.
    Claimed,
    /// The outcome has arrived, and the future that waits for it was not polled yet.
    Arrived(T),
}

impl<T> Slot<T> {
    /// Claims the slot for a future. Returns whether it was free.
    pub fn claim(&mut self) -> bool {
        let is_free = matches!(self, Self::Free);
        if is_free {
            *self = Self::Claimed;
        }
        is_free
    }

    /// The outcome, if it has arrived. Then the slot is free.
    pub fn take(&mut self) -> Option<T> {
        match mem::take(self) {
            Self::Arrived(outcome) => Some(outcome),
            other => {
                *self = other;
                None
            }
        }
    }

    /// The slot after a turn. An outcome that was not taken belonged to a future that was dropped.
    pub fn between_turns(self) -> Self {
        match self {
            Self::Arrived(_) => Self::Free,
            other => other,
        }
    }
}
