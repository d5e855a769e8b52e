//! Events: records of what happened, for operators, auditors, search and notifications.
//!
//! An event is small and contains no secret. [`Event`] has a constructor for each kind, which takes IDs and scopes,
//! never a password, a code, a token or a typed address. The length of each value is limited ([`Text`]). The host adds
//! an ID and a time ([`Recorded`]). `docs/events.md` lists the kinds.

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

/// The most bytes that an event has as JSON. The limits of its values ensure this.
pub const MAX_EVENT: usize = 2048;
