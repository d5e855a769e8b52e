//! The signing keys: when each is published, when it signs and when it is removed.
//!
//! A key is published before it signs, for longer than any cache of the JWKS lives, and stays published until the last
//! token that it signed has expired. These times are published with the key, so every isolate knows from its own clock
//! which key signs. A clock that is set back can't leave a ring without a signing key ([`KeySet::signing_key`]). Nor
//! can it make the ring add keys: the ring asks for one only if it has no usable key, or if the last one stops signing
//! soon.
//!
//! The public half of a key is kept for longer than it is published, because an expired ID token is still
//! accepted as `id_token_hint` (RP-Initiated Logout §2, OpenID Connect Core §3.1.2.1).
//!
//! The ring has no secret. An isolate that signs opens the keys ([`OpenedKeys`]), seals them again while the secret is
//! being replaced, and sends the ring a new key if it can't open any.

mod error;
mod keys;
mod machine;
mod made;
mod opened;
mod replace;
mod reseal;
mod ring;
mod set;
mod times;
mod wake;
mod wants;

pub use self::error::KeyRingError;
pub use self::keys::Keys;
pub use self::made::Made;
pub use self::opened::OpenedKeys;
pub use self::replace::Replace;
pub use self::reseal::Reseal;
pub use self::ring::{KeyRing, MAX_KEYS, Ring};
pub use self::set::{HintKey, HintKeys, KeyPair, KeySet, ScheduledKey, SupersededSeal};
pub use self::times::{
    CACHED_FOR, PUBLISHED_AFTER, PUBLISHED_BEFORE, RECOGNIZED_AFTER, SIGNS_FOR, SUPERSEDED_FOR,
    TOKENS_LIVE,
};
pub use self::wake::Wake;
pub use self::wants::KeyRingWants;
