//! State machines: everything that the server stores belongs to one. A machine takes a command and answers it.
//!
//! [`Command::decide`] makes every decision and does no I/O. A host (`host/`) loads the state, calls `decide`, writes
//! the changes in one commit, answers, sets the alarm, and performs the effects. Effects are stored with the state
//! before they are performed, so none is lost, but one can be performed twice: a machine must accept the same outcome
//! more than once.

mod address;
mod class;
mod effect;
mod envelope;
pub mod message;
mod next;
mod notice;
mod pattern;
mod rows;
pub mod stored_state;

pub use self::address::Address;
pub use self::class::Class;
pub(crate) use self::class::machines;
pub use self::effect::{Effect, Message, Nothing, Wants};
pub(crate) use self::message::{as_array, commands};
pub use self::next::Next;
pub use self::notice::Notice;
pub use self::pattern::{
    Before, Change, Command, EffectOf, Machine, NoError, OutcomeOf, Receive, Step,
};
pub use self::rows::{NoRow, RowKeys};
