//! The row of an identity at an upstream provider.

use serde::{Deserialize, Serialize};

use crate::domain::account::rows::{self, RowKind, Rows};
use crate::domain::time::{Seconds, Timestamp};

/// How many identities one user may link.
pub const MAX_IDENTITIES: u32 = 20;
/// How exactly it is known when an identity was last used: a row is written as seldom.
const USE_IS_KNOWN_TO: Seconds = Seconds(86_400);

/// Who the person is at another provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedIdentity {
    /// The provider, as it was configured when it was last used.
    pub provider: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The person's `sub` there.
    pub subject: String,
    /// How the person is called there.
    pub label: String,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// When it last signed the person in, to a day.
    pub used_at: Timestamp,
}

impl LinkedIdentity {
    /// Whether it is worth a row beside what is known.
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
pub fn key_of(identifier: &str) -> String {
    format!("{}{identifier}", LinkedIdentity::PREFIX)
}

/// Whether one more may be linked.
pub fn has_room(rows: &Rows) -> bool {
    rows::count::<LinkedIdentity>(rows) < MAX_IDENTITIES
}
