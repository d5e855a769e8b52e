//! What Vestibule needs of a platform, without one. Its tests run on it, and so can fuzzing and a command line.
//!
//! [`NativeCrypto`] is the port that WebCrypto implements at the edge: `jwt-compact` signs and verifies, with `p256`,
//! `rsa` and `ed25519-compact`.

mod crypto;
mod keys;
mod random;

pub use self::crypto::NativeCrypto;
pub use self::keys::{generate, holds};
