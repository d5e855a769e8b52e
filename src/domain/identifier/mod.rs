//! Maps one e-mail address, or one identity at a provider, to its account. One object for each makes it unique without
//! a race.
//!
//! An address is claimed before the account is created and confirmed afterwards. A claim that is not confirmed expires.
//! An address without an account counts wrong passwords as an account does, so a response doesn't reveal whether an
//! account exists.

mod claim;
mod claim_for;
mod confirm;
mod error;
mod leads_to;
mod lend;
mod machine;
mod read;
mod release;
mod sign_in;
mod state;
mod unclaim;
mod wake;

pub use self::claim::Claim;
pub use self::claim_for::ClaimFor;
pub use self::confirm::Confirm;
pub use self::error::IdentifierError;
pub use self::leads_to::LeadsTo;
pub use self::lend::Lend;
pub use self::read::Read;
pub use self::release::Release;
pub use self::sign_in::{SignIn, SignInError};
pub use self::state::{Identifier, Owner};
pub use self::unclaim::Unclaim;
pub use self::wake::Wake;
