//! Which of the wasm modules this code runs in.

use std::cell::Cell;

/// A wasm module of the worker. JavaScript numbers them in this order (`modules.js`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Module {
    /// Answers most requests and hosts the machines.
    #[default]
    Main,
    /// Answers what is asked for rarely.
    OnDemand,
}

thread_local! {
    static MODULE: Cell<Module> = Cell::default();
}

impl Module {
    /// Notes that this code runs in this module.
    pub(super) fn set(self) {
        MODULE.set(self);
    }

    /// The module that this code runs in.
    pub(super) fn this() -> Self {
        MODULE.get()
    }

    /// Its number in JavaScript.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Main => 0,
            Self::OnDemand => 1,
        }
    }

    /// Into how many parts the memory of an isolate is divided to get this module's part.
    pub(super) fn share(self) -> usize {
        match self {
            Self::Main => 1,
            Self::OnDemand => 8,
        }
    }
}
