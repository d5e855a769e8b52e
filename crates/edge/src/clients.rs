//! The clients in KV, and those that a module keeps.

use std::cell::RefCell;

use async_trait::async_trait;
use vestibule::domain::client::Client;
use vestibule::domain::stored;
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::ports::{ClientRegistry, Unavailable};
use wasm_bindgen::prelude::*;

use super::cache::Cache;
use super::clock::now;
use super::kv;
use super::module::Module;
use super::outside::{Edge, count};
use super::platform;

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
        let cached_under = self.settings.tenant.cached_client(client_id);
        forget_client(cached_under.as_str());
        platform::forget_client_elsewhere(Module::this().number(), cached_under.as_str());
    }
}

/// Removes a client from those that this module keeps, by its cache key. JavaScript calls this when the other module has
/// changed the client.
#[wasm_bindgen(js_name = forgetClient)]
pub fn forget_client(cached_under: &str) {
    CLIENTS.with_borrow_mut(|clients| clients.remove(cached_under));
}
