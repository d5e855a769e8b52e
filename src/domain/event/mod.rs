//! What happened, for whoever must know of it later: operators, auditors, search, notifications.
//!
//! An event is small and has no secret: [`Event`] has a constructor for each kind, which takes IDs and scopes, never a
//! password, a code, a token or a typed address, and each text is bounded ([`Text`]). The host stamps an event with an
//! ID and a time ([`Recorded`]). `docs/events.md` lists the kinds.

mod about;
mod build;
mod kind;
mod reason;
mod recorded;
mod text;

pub use self::about::About;
pub use self::build::Event;
pub use self::kind::Kind;
pub use self::reason::{SignInFailure, TokenRefusal};
pub use self::recorded::{EventId, Recorded, Source};
pub use self::text::{MAX_SCOPE, MAX_TEXT, Text};

/// No event is longer than this, in bytes of JSON: each of its texts is bounded.
pub const MAX_EVENT: usize = 2048;
