//! Rows: data that can grow, stored apart from the state.

use serde::{Deserialize, Serialize};

/// The rows that a command needs to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKeys {
    /// The row with this key.
    One(String),
    /// Every row whose key has this prefix. The machine limits how many there are.
    All(&'static str),
}

/// A machine without rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoRow {}
