//! The record of a client that was registered at run time. Unlike the registry in KV, which isolates cache, it is
//! consistent as soon as it is written.
//!
//! The record publishes each change to the registry by an effect, in the order of the changes, so two concurrent
//! changes can't leave the older one in the registry.

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
