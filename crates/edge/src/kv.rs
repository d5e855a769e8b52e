//! Workers KV, through the `worker` crate. Reads are rare: clients and keys are cached by each isolate.

use worker::{Env, KvError, KvStore};

use super::platform::{self, unavailable};
use super::turns::foreign;
use vestibule::ports::Unavailable;
use vestibule::tenant::KvKey;

/// The binding in `wrangler.toml`.
const BINDING: &str = "KV";

/// Reads a value; `None` if there is none.
pub async fn get(env: &Env, key: &KvKey) -> Result<Option<String>, Unavailable> {
    platform::count("kv-reads");
    foreign(namespace(env)?.get(key.as_str()).text()).await.map_err(failed)
}

/// Writes a value.
pub async fn put(env: &Env, key: &KvKey, value: &str) -> Result<(), Unavailable> {
    platform::count("kv-writes");
    let put = namespace(env)?.put(key.as_str(), value).map_err(failed)?;
    foreign(put.execute()).await.map_err(failed)
}

/// Removes a value.
pub async fn remove(env: &Env, key: &KvKey) -> Result<(), Unavailable> {
    platform::count("kv-writes");
    foreign(namespace(env)?.delete(key.as_str())).await.map_err(failed)
}

fn namespace(env: &Env) -> Result<KvStore, Unavailable> {
    env.kv(BINDING).map_err(Unavailable::new)
}

fn failed(error: KvError) -> Unavailable {
    unavailable(error.into())
}
