//! Hosts any machine: load, decide, write in one commit, answer, set the alarm, perform effects. Portable: whoever
//! implements [`Store`] is a host, on Cloudflare (`edge/`) or in the memory of a test.
//!
//! [`SigningKeys`] stands beside that: how an isolate uses the keys of the one machine that every request may need.

mod any_machine;
mod effects;
mod error;
mod events;
mod load;
mod perform;
mod registry;
mod signing_keys;
mod step;
mod store;
mod wants;

pub use self::error::HostError;
pub use self::events::record_events;
pub use self::perform::perform;
pub use self::registry::{Visit, visit};
pub use self::signing_keys::{KEY_RING, KeyCache, KeyCrypto, KeyList, KeyLists, SigningKeys};
pub use self::step::{HostReply, step, wake};
pub use self::store::{Changes, NewState, Store};
pub use self::wants::{Outside, Perform};
