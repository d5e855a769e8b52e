//! The ports, on Cloudflare.

use std::cell::RefCell;
use std::rc::Rc;

use async_trait::async_trait;

use super::cache::Cache;
use super::clock::now;
use super::keys::signing_keys;
use super::outside::{Edge, count};
use super::platform::{self, unavailable};
use super::random::Random;
use super::tasks::Load;
use super::{fetch, kv, memory};
use crate::domain::client::Client;
use crate::domain::entropy::Entropy;
use crate::domain::event::Recorded;
use crate::domain::http::{HttpError, HttpRequest, HttpResponse};
use crate::domain::key_ring::{HintKeys, KeyPair, KeySet, OpenedKeys};
use crate::domain::machine::{Address, Class};
use crate::domain::stored;
use crate::domain::time::{Seconds, Timestamp};
use crate::domain::token::ObjectId;
use crate::host::{self, KeyList};
use crate::jose::jwk::Jwk;
use crate::jose::upstream_jwk::{UpstreamJwk, VerificationAlgorithm};
use crate::ports::{
    ClientRegistry, Clock, Events, Http, Log, MAX_WAIT, Objects, Signer, Timer, Unavailable,
};
use crate::protocol::client_metadata::SigningAlgorithm;
use crate::protocol::outbound;
use crate::tenant::ObjectName;

/// How long an isolate keeps a client that it has read.
const CLIENT_CACHE: Seconds = Seconds(60);
/// How many bytes of clients an isolate keeps: 2,000 of the usual size. The metadata of one may have 64 KiB,
/// so that their number alone bounds nothing.
const MAX_CLIENT_BYTES: usize = 4 * 1024 * 1024;

thread_local! {
    // Clients and when each was read. Losing them costs a read.
    static CLIENTS: RefCell<Cache<(Timestamp, Client)>> =
        RefCell::new(Cache::new(MAX_CLIENT_BYTES));
}

/// About how many bytes a client takes in memory, by its JSON: each text there has a pointer, a length and
/// a capacity of its own.
fn size_of(json: &str) -> usize {
    json.len().saturating_mul(2).saturating_add(1024)
}

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
impl ClientRegistry for Edge {
    async fn find(&self, client_id: &str) -> Result<Option<Client>, Unavailable> {
        let now = now();
        let cached_under = self.settings.tenant.cached_client(client_id);
        let cached = CLIENTS.with_borrow_mut(|clients| {
            let (read_at, client) = clients.get(cached_under.as_str())?;
            now.is_within(CLIENT_CACHE, *read_at).then(|| client.clone())
        });
        if cached.is_some() {
            return Ok(cached);
        }
        // KV takes keys of at most 512 bytes.
        if client_id.len() > 400 {
            return Ok(None);
        }
        count(&self.kv_reads);
        let Some(json) = kv::get(&self.env, &self.settings.tenant.client_record(client_id)).await?
        else {
            return Ok(None);
        };
        let client: Client = stored::read(&json).map_err(|error| {
            let message = format!("the client {client_id} in KV cannot be read: {error}");
            platform::unreadable(&message);
            Unavailable(message)
        })?;
        CLIENTS.with_borrow_mut(|clients| {
            clients.insert(cached_under.as_str(), size_of(&json), (now, client.clone()));
        });
        Ok(Some(client))
    }

    async fn put(&self, client: &Client) -> Result<(), Unavailable> {
        count(&self.kv_writes);
        let json = serde_json::to_string(client).map_err(Unavailable::new)?;
        let key = self.settings.tenant.client_record(&client.client_id);
        kv::put(&self.env, &key, &json).await?;
        self.forget(&client.client_id);
        Ok(())
    }

    async fn remove(&self, client_id: &str) -> Result<(), Unavailable> {
        count(&self.kv_writes);
        kv::remove(&self.env, &self.settings.tenant.client_record(client_id)).await?;
        self.forget(client_id);
        Ok(())
    }

    fn forget(&self, client_id: &str) {
        let key = self.settings.tenant.cached_client(client_id);
        CLIENTS.with_borrow_mut(|clients| clients.remove(key.as_str()));
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

    async fn verify_upstream(
        &self,
        key: &UpstreamJwk,
        alg: VerificationAlgorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        let members = key.public_members().map_err(Unavailable::new)?;
        platform::verify_upstream(&members, alg.as_str(), input, signature).await
    }

    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable> {
        platform::sign_with(pkcs8, input).await
    }
}

#[async_trait(?Send)]
impl Http for Edge {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        outbound::check(&request.url, self.settings.development).map_err(|_| HttpError::Address)?;
        fetch::send(request).await
    }
}
