//! Performs the effects that only one machine has.

use async_trait::async_trait;

use crate::domain::connection::ConnectionWants;
use crate::domain::document::DocumentWants;
use crate::domain::key_ring::KeyRingWants;
use crate::domain::machine::{Nothing, Wants};
use crate::domain::registration::RegistrationWants;
use crate::jose::seal::Sealer;
use crate::ports::{Ports, Unavailable};
use crate::upstream::connection::ConnectionClient;
use crate::upstream::provider::Provider;

/// What effects need to be performed.
pub struct Outside<'a> {
    /// The ports.
    pub ports: Ports<'a>,
    /// The providers, for the tokens of connected accounts.
    pub providers: &'a [Provider],
    /// Opens and seals those tokens.
    pub sealer: &'a Sealer,
}

/// An effect that only one machine has.
#[async_trait(?Send)]
pub trait Perform: Wants {
    /// Performs it; `None` if no outcome goes back to the machine.
    ///
    /// # Errors
    /// Another server or the platform failed. The effect is retried later.
    async fn perform(self, outside: &Outside<'_>) -> Result<Option<Self::Outcome>, Unavailable>;
}

#[async_trait(?Send)]
impl Perform for Nothing {
    async fn perform(self, _: &Outside<'_>) -> Result<Option<()>, Unavailable> {
        match self {}
    }
}

#[async_trait(?Send)]
impl Perform for KeyRingWants {
    async fn perform(self, outside: &Outside<'_>) -> Result<Option<Self::Outcome>, Unavailable> {
        let signer = outside.ports.signer;
        match self {
            Self::GenerateKey(alg) => signer.generate(alg).await.map(Some),
            Self::PublishKeys(keys) => signer.publish(&keys).await.map(|()| None),
            Self::PublishHintKeys(keys) => signer.publish_hint_keys(&keys).await.map(|()| None),
        }
    }
}

#[async_trait(?Send)]
impl Perform for RegistrationWants {
    async fn perform(self, outside: &Outside<'_>) -> Result<Option<()>, Unavailable> {
        let clients = outside.ports.clients;
        match self {
            Self::PublishClient(client) => clients.put(&client).await?,
            Self::RemoveClient(client_id) => clients.remove(&client_id).await?,
        }
        Ok(None)
    }
}

#[async_trait(?Send)]
impl Perform for DocumentWants {
    async fn perform(self, outside: &Outside<'_>) -> Result<Option<Self::Outcome>, Unavailable> {
        let Self::Fetch(request) = self;
        Ok(Some(outside.ports.http.send(request).await))
    }
}

#[async_trait(?Send)]
impl Perform for ConnectionWants {
    async fn perform(self, outside: &Outside<'_>) -> Result<Option<Self::Outcome>, Unavailable> {
        let Outside { ports, providers, sealer } = *outside;
        Ok(ConnectionClient { ports, providers, sealer }.perform(self).await)
    }
}
