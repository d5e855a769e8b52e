//! What is remembered of an address.

use serde::{Deserialize, Serialize};

use crate::domain::attempts::Attempts;
use crate::domain::secret::SecretHash;
use crate::domain::time::{Seconds, Timestamp};

/// How long a claim waits for its account.
pub(super) const CLAIM: Seconds = Seconds(5 * 60);

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
    pub(super) fn as_of(state: Option<Self>, now: Timestamp) -> Option<Self> {
        state.filter(|owner| match owner {
            Self::Claimed { until, .. } | Self::Lent { until, .. } => now < *until,
            Self::Nobody(_) | Self::Owned { .. } => true,
        })
    }
}
