//! One e-mail address, or one person at another provider, and the account that it leads to: uniqueness without a race.
//!
//! An address is claimed before the account is made and confirmed after; a claim that nobody
//! confirms lapses. An address without an account counts wrong passwords as an account does, so
//! that nobody can tell the two apart.

mod claim;
mod claim_for;
mod confirm;
mod lend;
mod read;
mod release;
mod sign_in;
mod unclaim;
mod wake;

pub use self::claim::Claim;
pub use self::claim_for::ClaimFor;
pub use self::confirm::Confirm;
pub use self::lend::Lend;
pub use self::read::Read;
pub use self::release::Release;
pub use self::sign_in::{SignIn, SignInError};
pub use self::unclaim::Unclaim;
pub use self::wake::Wake;

use serde::{Deserialize, Serialize};

use super::attempts::Attempts;
use super::machine::{Class, Machine, NoRow, Nothing, Receive, commands};
use super::secret::SecretHash;
use super::time::{Seconds, Timestamp};

/// How long a claim waits for its account.
const CLAIM: Seconds = Seconds(5 * 60);

/// The machine.
#[derive(Debug)]
pub struct Identifier;

/// Whose the address is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// Nobody's; someone tried passwords with it.
    Nobody(Attempts),
    /// An account is being made.
    Claimed {
        /// The account.
        account: String,
        /// When the claim lapses.
        until: Timestamp,
        /// The hash of a value that only the browser of the sign-up has, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        browser: Option<SecretHash>,
    },
    /// An account's, for a while: a session's name.
    Lent {
        /// The account.
        account: String,
        /// When the name means nothing any more.
        until: Timestamp,
    },
    /// An account's.
    Owned {
        /// The account.
        account: String,
    },
}

impl Owner {
    /// The owner as of now: a claim that has lapsed and a name whose time is over are nobody's.
    fn as_of(state: Option<Self>, now: Timestamp) -> Option<Self> {
        state.filter(|owner| match owner {
            Self::Claimed { until, .. } | Self::Lent { until, .. } => now < *until,
            Self::Nobody(_) | Self::Owned { .. } => true,
        })
    }
}

/// Where the address leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadsTo {
    /// To this account.
    Account(String),
    /// To none.
    Nobody,
}

/// Why an address can't lead to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum IdentifierError {
    /// It is another account's.
    #[error("the address belongs to another account")]
    Taken,
}

/// The name of the object for an address. People write their own address in either case, and no
/// provider of today tells two mailboxes apart by it.
pub fn of_email(email: &str) -> String {
    format!("email:{}", email.trim().to_lowercase())
}

impl Machine for Identifier {
    const CLASS: Class = Class::Identifier;
    type State = Owner;
    type Row = NoRow;
    type Wants = Nothing;

    commands![Claim, ClaimFor, Confirm, Lend, Release, Unclaim, Read, SignIn, Wake];

    fn wakes_at(state: &Owner) -> Option<Timestamp> {
        match state {
            Owner::Nobody(attempts) => attempts.forgotten_at(),
            Owner::Claimed { until, .. } | Owner::Lent { until, .. } => Some(*until),
            Owner::Owned { .. } => None,
        }
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }
}
