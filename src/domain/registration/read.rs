//! Reads the client.

use serde::{Deserialize, Serialize};

use super::{Record, Registration, RegistrationError};
use crate::domain::client::Client;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// Asks for the client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Read;

impl Command for Read {
    const NAME: &'static str = "Read";
    type Machine = Registration;
    type Reply = Box<Client>;
    type Error = RegistrationError;

    fn decide(self, before: Before<Registration>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        Step::unchanged(match before.state {
            Some(Record::Registered(client)) => Ok(client),
            Some(Record::Deleted) | None => Err(RegistrationError::NotRegistered),
        })
    }
}
