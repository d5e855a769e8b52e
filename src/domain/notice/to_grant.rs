//! The commands that an account sends to a grant.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// Ends the grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End;

/// Ends a grant whose code may not have reached its object yet. A code that arrives before `until` is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndExpected {
    /// When the code can't arrive any more.
    pub until: Timestamp,
}

/// Removes this scope from the grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Narrow(pub String);

/// Removes a scope from a grant whose code may not have reached its object yet. A code that arrives before `until` is
/// refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NarrowExpected {
    /// The scope.
    pub scope: String,
    /// When the code can't arrive any more.
    pub until: Timestamp,
}

/// Asks whether the grant has ended. The grant is deleted if it has, and reports to its account either way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The account to report to. A grant that stores nothing doesn't know it.
    pub account: String,
    /// The grant's ID, which a grant that stores nothing doesn't know either.
    pub grant_id: String,
    /// Whether the grant's code, or the approval of its device, may not have reached its object yet. Then an object
    /// that stores nothing, or in which a device waits, reports nothing.
    pub is_expected: bool,
}
