//! A document that another server publishes: a provider's metadata or keys, or a DNS record.
//!
//! One object fetches and keeps it for all callers. It fetches the document again when it is old, or when a caller
//! reports that it lacks something. A minimum interval keeps strangers from making this server send requests at will.

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
