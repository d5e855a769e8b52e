//! The state of an address.

use serde::{Deserialize, Serialize};

use crate::domain::attempts::Attempts;
use crate::domain::secret::SecretHash;
use crate::domain::time::{Seconds, Timestamp};

/// How long a claim stays valid until it is confirmed.
pub(super) const CLAIM: Seconds = Seconds(5 * 60);

/// The machine.
#[derive(Debug)]
pub struct Identifier;

/// The owner of the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// Nobody, but someone tried passwords with it.
    Nobody(Attempts),
    /// An account that is being created.
    Claimed {
        /// The account.
        account: String,
        /// When the claim expires.
        until: Timestamp,
        /// The hash of a value that only the browser of the sign-up has; `None` if the account isn't created by a
        /// sign-up form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        browser: Option<SecretHash>,
    },
    /// Temporarily maps an upstream session ID to an account.
    Lent {
        /// The account.
        account: String,
        /// When the mapping ends.
        until: Timestamp,
    },
    /// An account.
    Owned {
        /// The account.
        account: String,
    },
}

impl Owner {
    /// The owner at `now`: an expired claim or mapping has none.
    pub(super) fn as_of(state: Option<Self>, now: Timestamp) -> Option<Self> {
        state.filter(|owner| match owner {
            Self::Claimed { until, .. } | Self::Lent { until, .. } => now < *until,
            Self::Nobody(_) | Self::Owned { .. } => true,
        })
    }
}
