//! Commands that machines send each other.

use super::{Address, Command, Effect, Machine, Message, Wants};

/// A command that one machine sends to another by an effect. Effects are stored until they are performed, so it can't
/// contain a typed password.
pub trait Notice: Command {}

impl<W: Wants> Effect<W> {
    /// The effect that sends a command to another machine; `None` if the command can't be written as JSON.
    pub fn send<N: Notice>(to: Address, notice: &N) -> Option<Self> {
        let command = serde_json::from_str(&notice.write().ok()?).ok()?;
        Some(Self::Send(Message { class: N::Machine::CLASS, to, command }))
    }
}
