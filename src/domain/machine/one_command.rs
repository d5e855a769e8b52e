//! A machine whose commands are one type.

use super::{Command, Machine};

/// A machine whose commands are one type.
pub trait OneCommand: Machine {
    /// The type.
    type Command: Command<Machine = Self>;
}
