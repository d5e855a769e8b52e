//! What is remembered of a client.

use serde::{Deserialize, Serialize};

use crate::domain::client::Client;

/// The machine.
#[derive(Debug)]
pub struct Registration;

/// What is remembered: a deleted client stays deleted, whatever a cache still holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Record {
    /// Registered.
    Registered(Box<Client>),
    /// Deleted (RFC 7592 §2.3).
    Deleted,
}
