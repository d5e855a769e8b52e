//! The state of a registration.

use serde::{Deserialize, Serialize};

use crate::domain::client::Client;

/// The machine.
#[derive(Debug)]
pub struct Registration;

/// The state of a registration. A deleted client stays deleted, even if a cache still has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Record {
    /// Registered.
    Registered(Box<Client>),
    /// Deleted (RFC 7592 §2.3).
    Deleted,
}
