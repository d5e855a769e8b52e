//! Hosts any machine: loads the state, decides, writes in one commit, replies, sets the alarm and performs the effects.
//! It is portable: [`Store`] is implemented on Cloudflare (`edge/`) and in memory (tests).
//!
//! [`SigningKeys`] is here too: how an isolate uses the signing keys, which almost every request needs.

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
pub use self::signing_keys::{KeyCache, KeyCrypto, KeyList, KeyLists, SigningKeys};
pub use self::step::{HostReply, step, wake};
pub use self::store::{Changes, NewState, Store};
pub use self::wants::{Outside, Perform};
