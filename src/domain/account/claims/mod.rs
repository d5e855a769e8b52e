mod membership;
mod sources;

pub use self::membership::{Membership, Memberships, key_of_provider, migrate, release, take_in};
pub use self::sources::{Sources, edited, follow, written};
