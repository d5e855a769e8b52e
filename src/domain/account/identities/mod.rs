mod begin_link;
mod link;
mod linked_identity;
mod take_in;
mod unlink;

pub use self::begin_link::{BeginLink, BeginLinkError};
pub use self::link::{Link, LinkError, LinkRequest};
pub use self::linked_identity::{LinkedIdentity, MAX_IDENTITIES, has_room, key_of};
pub use self::unlink::{Unlink, UnlinkError, UnlinkRequest};
