//! How many bytes of what callers sent are in memory: bodies, queries and their parameters. The edge refuses
//! requests before they fill it.
//!
//! A counting allocator would know every byte, but costs 44 KiB of the bundle: it is inlined wherever
//! something is allocated.

use std::cell::Cell;

thread_local! {
    static IN_MEMORY: Cell<usize> = const { Cell::new(0) };
}

/// Bytes that are in memory now, on this thread.
pub fn in_memory() -> usize {
    IN_MEMORY.get()
}

/// Counts so many bytes while it lives; belongs into the struct that holds them.
#[derive(Debug, Default)]
pub struct Weight(usize);

impl Weight {
    /// Counts so many bytes.
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
