//! The state of a connection.

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
    /// Its access token is being refreshed.
    Refreshing(Refreshing),
    /// It no longer works until the user connects again.
    Broken(BrokenConnection),
}
