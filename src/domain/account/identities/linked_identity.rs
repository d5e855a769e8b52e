//! The row of an identity at an upstream provider.

use serde::{Deserialize, Serialize};

use crate::domain::account::rows::{self, RowKind, Rows};
use crate::domain::time::{Seconds, Timestamp};
use crate::tenant::ObjectName;

/// How many identities one user may link.
pub const MAX_IDENTITIES: u32 = 20;
/// How exactly the last use of an identity is stored: a newer use within this time is not written.
const USE_IS_KNOWN_TO: Seconds = Seconds(86_400);

/// An identity of the user at an upstream provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedIdentity {
    /// The provider, as it was configured when it was last used.
    pub provider: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The user's `sub` there.
    pub subject: String,
    /// The user's name or address there, for display.
    pub label: String,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// When the user last signed in with it, exact to a day.
    pub used_at: Timestamp,
}

impl LinkedIdentity {
    /// Whether it differs enough from the stored row to be written.
    pub fn says_more_than(&self, known: Option<&Self>, now: Timestamp) -> bool {
        let Some(known) = known else { return true };
        let is_old = known.used_at.plus(USE_IS_KNOWN_TO) <= now;
        is_old || *self != (Self { used_at: self.used_at, ..known.clone() })
    }
}

impl RowKind for LinkedIdentity {
    const PREFIX: &'static str = "identity/";

    fn since(&self) -> Timestamp {
        self.linked_at
    }

    fn latest(&self) -> Timestamp {
        self.linked_at.max(self.used_at)
    }
}

/// The key of an identity, by the name of its identifier.
pub fn key_of(identifier: &ObjectName) -> String {
    format!("{}{}", LinkedIdentity::PREFIX, identifier.as_str())
}

/// Whether one more may be linked.
pub fn has_room(rows: &Rows) -> bool {
    rows::count::<LinkedIdentity>(rows) < MAX_IDENTITIES
}
