//! What the ring wants from outside.

use serde::{Deserialize, Serialize};

use super::{HintKeys, KeyPair, KeySet};
use crate::domain::machine::Wants;
use crate::protocol::client_metadata::SigningAlgorithm;

/// What the ring wants from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyRingWants {
    /// Make a key pair; the private half comes back sealed.
    GenerateKey(SigningAlgorithm),
    /// Write the keys where every isolate reads them.
    PublishKeys(KeySet),
    /// Write the public keys that verify an `id_token_hint` where every isolate reads them.
    PublishHintKeys(HintKeys),
}

impl Wants for KeyRingWants {
    type Outcome = KeyPair;

    fn has_outcome(&self) -> bool {
        matches!(self, Self::GenerateKey(_))
    }

    fn replaces(&self, earlier: &Self) -> bool {
        matches!(
            (self, earlier),
            (Self::PublishKeys(_), Self::PublishKeys(_))
                | (Self::PublishHintKeys(_), Self::PublishHintKeys(_))
        )
    }
}
