//! Counts how much request data is in memory, in bytes: bodies, queries and their parameters. The edge refuses requests
//! before it exceeds a limit.
//!
//! A counting allocator would count every byte, but it would add 44 KiB to the bundle, because it is inlined wherever
//! something is allocated.

use std::cell::Cell;

thread_local! {
    static IN_MEMORY: Cell<usize> = const { Cell::new(0) };
}

/// The bytes that are in memory now, in this thread.
pub fn in_memory() -> usize {
    IN_MEMORY.get()
}

/// Counts a number of bytes while it exists. It belongs in the struct that holds them.
#[derive(Debug, Default)]
pub struct Weight(usize);

impl Weight {
    /// Counts this number of bytes.
    pub fn new(bytes: usize) -> Self {
        IN_MEMORY.set(IN_MEMORY.get().saturating_add(bytes));
        Self(bytes)
    }
}

impl Clone for Weight {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        IN_MEMORY.set(IN_MEMORY.get().saturating_sub(self.0));
    }
}
