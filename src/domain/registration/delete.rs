//! Deletes the client (RFC 7592 §2.3).

use serde::{Deserialize, Serialize};

use super::{Record, Registration, RegistrationError, RegistrationWants};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::machine::{Before, Command, Effect, Notice, Step};
use crate::domain::time::Timestamp;

/// Deletes the client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delete;

impl Notice for Delete {}

impl Command for Delete {
    const NAME: &'static str = "Delete";
    type Machine = Registration;
    type Reply = ();
    type Error = RegistrationError;

    fn decide(self, before: Before<Registration>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(Record::Registered(client)) => {
                let deleted = client.concerned(Event::client_deleted(&client.client_id));
                let remove = Effect::Own(RegistrationWants::RemoveClient(client.client_id));
                Step::written(Record::Deleted, Ok(())).wants([remove]).records(Some(deleted))
            }
            Some(Record::Deleted) | None => Step::unchanged(Err(RegistrationError::NotRegistered)),
        }
    }
}
