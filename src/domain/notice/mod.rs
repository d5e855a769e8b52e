//! What an account and a grant tell each other. Neither knows the other: both know these.

pub mod to_account;
pub mod to_grant;
