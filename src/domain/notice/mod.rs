//! The commands that an account and a grant send each other. The two machines know these types and not each other.

pub mod to_account;
pub mod to_grant;
