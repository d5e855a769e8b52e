//! The record of a client that was registered at run time: consistent the moment it is written,
//! beside the registry that every place reads from its own cache.
//!
//! The record publishes each of its changes to the registry by an effect, in the order of the changes, so
//! that two concurrent changes can't leave the older one in the registry.

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::entropy::Entropy;
use super::machine::{
    Before, Class, Command, Effect, Machine, NoRow, OneCommand, Receive, Step, Wants,
};
use super::time::Timestamp;

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

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum RegistrationCommand {
    /// Write the client, new or changed.
    Write(Box<Client>),
    /// Read it.
    Read,
    /// Delete it.
    Delete,
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

    fn receive<R: Receive<Self>>(
        command: &str,
        receiver: R,
    ) -> Result<R::Output, serde_json::Error> {
        Ok(receiver.receive(serde_json::from_str::<RegistrationCommand>(command)?))
    }
}

impl OneCommand for Registration {
    type Command = RegistrationCommand;
}

impl Command for RegistrationCommand {
    type Machine = Registration;
    type Reply = Option<Box<Client>>;
    type Error = RegistrationError;

    fn decide(self, before: Before<Registration>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let command = self;
        match (before.state, command) {
            (Some(Record::Deleted), _)
            | (None, RegistrationCommand::Read | RegistrationCommand::Delete) => {
                Step::unchanged(Err(RegistrationError::NotRegistered))
            }
            (Some(Record::Registered(client)), RegistrationCommand::Read) => {
                Step::unchanged(Ok(Some(client)))
            }
            (_, RegistrationCommand::Write(client)) => {
                let publish = Effect::Own(RegistrationWants::PublishClient(client.clone()));
                Step::written(Record::Registered(client), Ok(None)).wants([publish])
            }
            (Some(Record::Registered(client)), RegistrationCommand::Delete) => {
                let remove = Effect::Own(RegistrationWants::RemoveClient(client.client_id));
                Step::written(Record::Deleted, Ok(None)).wants([remove])
            }
        }
    }
}
