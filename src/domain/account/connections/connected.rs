//! The rows of connections.

use serde::{Deserialize, Serialize};

use crate::domain::account::rows::{self, RowKind, Rows};
use crate::domain::connection::ConnectionId;
use crate::domain::time::Timestamp;

/// When the outside account was connected.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Connected(pub Timestamp);

/// When the user disconnected the app's own connection. While this row exists, the app doesn't get the account-wide
/// connection, which may have wider scopes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Disconnected(pub Timestamp);

impl RowKind for Connected {
    const PREFIX: &'static str = "connection/";

    fn since(&self) -> Timestamp {
        self.0
    }
}

impl RowKind for Disconnected {
    const PREFIX: &'static str = Connected::PREFIX;

    fn since(&self) -> Timestamp {
        self.0
    }
}

/// The key of a connection, or of the record that it was disconnected.
pub fn key_of(id: &ConnectionId) -> String {
    format!("{}{id}", Connected::PREFIX)
}

/// All connections.
pub fn all(rows: &Rows) -> impl Iterator<Item = ConnectionId> {
    rows::named::<Connected>(rows).map(|(id, _)| ConnectionId::parse(id))
}
