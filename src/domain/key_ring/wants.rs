//! The effects of the key ring.

use serde::{Deserialize, Serialize};

use super::{HintKeys, KeyPair, KeySet};
use crate::domain::machine::Wants;
use crate::protocol::client_metadata::SigningAlgorithm;

/// An effect of the key ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyRingWants {
    /// Generate a key pair. It is returned with a sealed private half.
    GenerateKey(SigningAlgorithm),
    /// Publish the keys in KV, where every isolate reads them.
    PublishKeys(KeySet),
    /// Publish the public keys that verify an `id_token_hint` in KV.
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
