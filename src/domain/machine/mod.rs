//! The pattern of everything that is remembered: a machine takes a command and answers.
//!
//! [`Command::decide`] decides everything and touches nothing. A host (`host/`) loads the state, decides, writes what
//! changed in one commit, answers, sets the alarm, and performs the effects. Effects are written with the state before
//! they are performed, so that none is lost; a machine must accept an outcome more than once.

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
