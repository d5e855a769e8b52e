//! What an account tells a grant.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// The grant was withdrawn: it ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End;

/// The grant was withdrawn although its code may still be on the way to its object: whatever arrives until that moment
/// comes too late.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndExpected {
    /// When nothing can be on the way any more.
    pub until: Timestamp,
}

/// The user took this scope back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Narrow(pub String);

/// The user took this scope back although the grant's code may still be on the way to its object. If it is, it comes too
/// late.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NarrowExpected {
    /// The scope.
    pub scope: String,
    /// When nothing can be on the way any more.
    pub until: Timestamp,
}

/// Is the grant over? It ends if it is, and tells its account either way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The account. A grant that stores nothing doesn't know it.
    pub account: String,
    /// The grant's own ID, which it can't know either.
    pub grant_id: String,
    /// Whether the grant's code or the approval of its device may still be on the way to its object. Then an object that
    /// stores nothing, or in which a device waits, says nothing.
    pub is_expected: bool,
}
