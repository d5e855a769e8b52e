//! Write the client, new or changed.

use serde::{Deserialize, Serialize};

use super::{Record, Registration, RegistrationError, RegistrationWants};
use crate::domain::client::Client;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Effect, Notice, Step};
use crate::domain::time::Timestamp;

/// The client as it shall be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Write(pub Box<Client>);

impl Notice for Write {}

impl Command for Write {
    const NAME: &'static str = "Write";
    type Machine = Registration;
    type Reply = ();
    type Error = RegistrationError;

    fn decide(self, before: Before<Registration>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        if let Some(Record::Deleted) = before.state {
            return Step::unchanged(Err(RegistrationError::NotRegistered));
        }
        let publish = Effect::Own(RegistrationWants::PublishClient(self.0.clone()));
        Step::written(Record::Registered(self.0), Ok(())).wants([publish])
    }
}
