//! The record of a client that was registered at run time: consistent the moment it is written,
//! beside the registry that every place reads from its own cache.
//!
//! The record publishes each of its changes to the registry by an effect, in the order of the changes, so
//! that two concurrent changes can't leave the older one in the registry.

mod delete;
mod error;
mod machine;
mod read;
mod state;
mod wants;
mod write;

pub use self::delete::Delete;
pub use self::error::RegistrationError;
pub use self::read::Read;
pub use self::state::{Record, Registration};
pub use self::wants::RegistrationWants;
pub use self::write::Write;
