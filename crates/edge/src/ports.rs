//! The ports, on Cloudflare.

use std::rc::Rc;

use async_trait::async_trait;

use super::clock::now;
use super::keys::signing_keys;
use super::outside::{Edge, count};
use super::platform::{self, unavailable};
use super::random::Random;
use super::tasks::Load;
use super::{fetch, memory};
use vestibule::domain::entropy::Entropy;
use vestibule::domain::event::Recorded;
use vestibule::domain::http::{HttpError, HttpRequest, HttpResponse};
use vestibule::domain::key_ring::{HintKeys, KeyPair, KeySet, OpenedKeys};
use vestibule::domain::machine::{Address, Class};
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::domain::token::ObjectId;
use vestibule::host::{self, KeyList};
use vestibule::jose::foreign_key::ForeignKey;
use vestibule::jose::jwk::Jwk;
use vestibule::ports::{Clock, Events, Http, Log, MAX_WAIT, Objects, Signer, Timer, Unavailable};
use vestibule::protocol::client_metadata::SigningAlgorithm;
use vestibule::protocol::outbound;
use vestibule::tenant::ObjectName;

impl Clock for Edge {
    fn now(&self) -> Timestamp {
        now()
    }
}

#[async_trait(?Send)]
impl Timer for Edge {
    async fn wait_until(&self, moment: Timestamp) -> Result<(), Unavailable> {
        // The clock may have been set back since the caller read it.
        let now = now();
        let milliseconds = moment.min(now.plus(MAX_WAIT)).0.saturating_sub(now.0);
        match u32::try_from(milliseconds) {
            Ok(milliseconds) if milliseconds > 0 => platform::sleep(milliseconds).await,
            _ => Ok(()),
        }
    }
}

impl Entropy for Edge {
    fn fill(&self, bytes: &mut [u8]) {
        Random.fill(bytes);
    }
}

impl Log for Edge {
    fn error(&self, message: &str) {
        platform::log(message);
    }

    fn unreadable(&self, message: &str) {
        platform::unreadable(message);
    }

    fn event(&self, line: &str) {
        platform::log_event(line);
    }
}

#[async_trait(?Send)]
impl Events for Edge {
    async fn record(&self, events: &[Recorded]) -> Result<(), Unavailable> {
        host::record_events(self, self, events).await
    }
}

#[async_trait(?Send)]
impl Objects for Edge {
    fn new_id(&self, class: Class) -> Result<ObjectId, Unavailable> {
        let id = platform::new_object_id(&self.env, class.binding()).map_err(unavailable)?;
        ObjectId::parse(&id).ok_or_else(|| Unavailable::new("an identifier of another form"))
    }

    fn id_of_name(&self, class: Class, name: &ObjectName) -> Result<ObjectId, Unavailable> {
        // Computed without a call. Another deployment computes another ID.
        let name = self.settings.tenant.object(name);
        let id = platform::object_id_of_name(&self.env, class.binding(), name.as_str());
        let id = id.map_err(unavailable)?;
        ObjectId::parse(&id).ok_or_else(|| Unavailable::new("an identifier of another form"))
    }

    async fn send(
        &self,
        class: Class,
        to: &Address,
        command: String,
        hold: Seconds,
    ) -> Result<Option<String>, Unavailable> {
        count(&self.object_calls);
        let (env, namespace) = (&self.env, class.binding());
        let sent = match to {
            Address::Id(id) => platform::send(env, namespace, (false, id), &command, hold.0).await,
            Address::Name(name) => {
                let name = self.settings.tenant.object(name);
                platform::send(env, namespace, (true, name.as_str()), &command, hold.0).await
            }
        };
        // Where the storage of an object is broken, the object can't say so itself. Its name may tell who a user is.
        sent.map_err(|Unavailable(error)| {
            let id = match to {
                Address::Name(name) => {
                    self.id_of_name(class, name).map(|id| id.to_string()).unwrap_or_default()
                }
                Address::Id(id) => id.clone(),
            };
            Unavailable(format!("the object {} {id} failed: {error}", class.name()))
        })
    }

    fn can_hold(&self) -> bool {
        memory::load() == Load::Normal
    }
}

#[async_trait(?Send)]
impl Signer for Edge {
    async fn keys(&self, alg: SigningAlgorithm) -> Result<Rc<OpenedKeys>, Unavailable> {
        signing_keys(self).current(alg).await
    }

    async fn hint_keys(&self) -> Result<Rc<HintKeys>, Unavailable> {
        signing_keys(self).hint_keys().await
    }

    async fn generate(&self, alg: SigningAlgorithm) -> Result<KeyPair, Unavailable> {
        signing_keys(self).generate(alg).await
    }

    async fn publish(&self, keys: &KeySet) -> Result<(), Unavailable> {
        signing_keys(self).publish(KeyList::Keys, keys).await
    }

    async fn publish_hint_keys(&self, keys: &HintKeys) -> Result<(), Unavailable> {
        signing_keys(self).publish(KeyList::HintKeys, keys).await
    }

    async fn sign(&self, pair: &KeyPair, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        signing_keys(self).sign(pair, input).await
    }

    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
        signing_keys(self).verify(key, input, signature).await
    }

    async fn verify_foreign(
        &self,
        key: &ForeignKey,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        signing_keys(self).crypto.verify_foreign(key, input, signature).await
    }

    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        signing_keys(self).crypto.sign_with(pkcs8, input).await
    }
}

#[async_trait(?Send)]
impl Http for Edge {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        outbound::check(&request.url, self.settings.development).map_err(|_| HttpError::Address)?;
        fetch::send(request).await
    }
}
