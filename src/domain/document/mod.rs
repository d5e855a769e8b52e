//! A document that another server publishes: a provider's metadata, its keys, a record of the DNS.
//!
//! One object fetches it, however many ask; keeps it; and fetches it again when it is old, or when a
//! caller shows that it must have changed, but never more often than a limit, so that nobody can
//! make this server ask for it at will.

mod fetched;
mod machine;
mod read;
mod state;
mod wake;
mod wants;

pub use self::fetched::Fetched;
pub use self::read::{Read, ReadError};
pub use self::state::{Document, DocumentState};
pub use self::wake::Wake;
pub use self::wants::DocumentWants;
