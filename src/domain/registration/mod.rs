//! The record of a client that was registered at run time: consistent the moment it is written,
//! beside the registry that every place reads from its own cache.
//!
//! The record publishes each of its changes to the registry by an effect, in the order of the changes, so
//! that two concurrent changes can't leave the older one in the registry.

mod delete;
mod read;
mod write;

pub use self::delete::Delete;
pub use self::read::Read;
pub use self::write::Write;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::machine::{Class, Machine, NoRow, Wants, commands};

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

/// What a registration wants from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationWants {
    /// Write the client to the registry in KV, where every isolate reads it.
    PublishClient(Box<Client>),
    /// Remove the client with this ID from the registry in KV.
    RemoveClient(String),
}

impl Wants for RegistrationWants {
    type Outcome = ();

    fn has_outcome(&self) -> bool {
        false
    }

    fn replaces(&self, earlier: &Self) -> bool {
        self.client_id() == earlier.client_id()
    }
}

impl RegistrationWants {
    fn client_id(&self) -> &str {
        match self {
            Self::PublishClient(client) => &client.client_id,
            Self::RemoveClient(client_id) => client_id,
        }
    }
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RegistrationError {
    /// No such client, or no longer.
    #[error("the client is not registered")]
    NotRegistered,
}

impl Machine for Registration {
    const CLASS: Class = Class::Registration;
    type State = Record;
    type Row = NoRow;
    type Wants = RegistrationWants;

    commands![Write, Read, Delete];
}
