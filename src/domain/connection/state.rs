//! What is remembered of a connection.

use serde::{Deserialize, Serialize};

use super::{BrokenConnection, Live, Refreshing};

/// The machine.
#[derive(Debug)]
pub struct Connection;

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It works.
    Live(Live),
    /// A fresh token is on its way.
    Refreshing(Refreshing),
    /// It does not work any more, until the user connects again.
    Broken(BrokenConnection),
}
