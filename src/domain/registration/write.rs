//! Writes a new or changed client.

use serde::{Deserialize, Serialize};

use super::{Record, Registration, RegistrationError, RegistrationWants};
use crate::domain::client::Client;
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::machine::{Before, Command, Effect, Notice, Step};
use crate::domain::time::Timestamp;

/// The client to store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Write(pub Box<Client>);

impl Notice for Write {}

impl Command for Write {
    const NAME: &'static str = "Write";
    type Machine = Registration;
    type Reply = ();
    type Error = RegistrationError;

    fn decide(self, before: Before<Registration>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let event = match before.state {
            Some(Record::Deleted) => {
                return Step::unchanged(Err(RegistrationError::NotRegistered));
            }
            // A command that was sent by an effect may arrive twice.
            Some(Record::Registered(client)) if client == self.0 => None,
            Some(Record::Registered(_)) => Some(Event::client_changed(&self.0.client_id)),
            None => Some(Event::client_registered(&self.0.client_id)),
        };
        let event = event.map(|event| self.0.concerned(event));
        let publish = Effect::Own(RegistrationWants::PublishClient(self.0.clone()));
        Step::written(Record::Registered(self.0), Ok(())).wants([publish]).records(event)
    }
}
