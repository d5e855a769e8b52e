//! Rows: what can grow, apart from the state.

use serde::{Deserialize, Serialize};

/// Rows that a command needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKeys {
    /// The row with this key.
    One(String),
    /// Every row whose key begins so; the machine bounds how many there are.
    All(&'static str),
}

/// A machine without rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoRow {}
