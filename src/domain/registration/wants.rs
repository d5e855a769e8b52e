//! The effects of a registration.

use serde::{Deserialize, Serialize};

use crate::domain::client::Client;
use crate::domain::machine::Wants;

/// An effect of a registration.
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
