//! The functions of `platform.js`, and the JavaScript objects that Rust is handed.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::Env;
use worker::worker_sys::IncomingRequestCfProperties;

use super::turns::outcome;
use vestibule::ports::Unavailable;

/// The functions as JavaScript has them: those without an answer begin something that is waited for.
mod raw {
    use super::{Env, Host, Incoming, JsValue, wasm_bindgen};

    #[wasm_bindgen(raw_module = "./platform.js")]
    extern "C" {
        pub fn panic(module: u32, message: &str);
        pub fn unreadable(message: &str);

        #[wasm_bindgen(js_name = settingNames)]
        pub fn setting_names(env: &Env) -> String;

        #[wasm_bindgen(js_name = newObjectId, catch)]
        pub fn new_object_id(env: &Env, namespace: &str) -> Result<String, JsValue>;
        #[wasm_bindgen(js_name = objectIdOfName, catch)]
        pub fn object_id_of_name(env: &Env, namespace: &str, name: &str)
        -> Result<String, JsValue>;
        pub fn send(env: &Env, namespace: &str, named: bool, to: &str, command: &str, hold: u32);
        pub fn erase(host: &Host);
        pub fn sleep(milliseconds: u32);

        #[wasm_bindgen(js_name = holdsPrivateKey)]
        pub fn holds_private_key(kid: &str) -> bool;
        #[wasm_bindgen(js_name = importPrivateKey)]
        pub fn import_private_key(kid: &str, alg: &str, pkcs8: &[u8]);
        pub fn sign(kid: &str, input: &[u8]);
        #[wasm_bindgen(js_name = holdsPublicKey)]
        pub fn holds_public_key(kid: &str) -> bool;
        #[wasm_bindgen(js_name = importPublicKey)]
        pub fn import_public_key(jwk: &str);
        pub fn verify(kid: &str, input: &[u8], signature: &[u8]);
        #[wasm_bindgen(js_name = generateKey)]
        pub fn generate_key(alg: &str);
        #[wasm_bindgen(js_name = verifyForeign)]
        pub fn verify_foreign(jwk: &str, alg: &str, input: &[u8], signature: &[u8]);
        #[wasm_bindgen(js_name = signWith)]
        pub fn sign_with(pkcs8: &[u8], input: &[u8]);

        pub fn count(what: &str);
        pub fn totals() -> String;
        #[wasm_bindgen(js_name = forgetClientElsewhere)]
        pub fn forget_client_elsewhere(module: u32, cached_under: &str);
        #[wasm_bindgen(js_name = forgetKept, catch)]
        pub fn forget_kept() -> Result<(), JsValue>;
        #[wasm_bindgen(js_name = readHeaders)]
        pub fn read_headers(names: &str);
        pub fn headers(request: &Incoming) -> String;
        pub fn header(request: &Incoming, name: &str) -> Option<String>;
        pub fn respond(status: u16, headers: &str, body: &str);
        #[wasm_bindgen(js_name = connectionAddress)]
        pub fn connection_address(request: &Incoming) -> String;
    }
}

pub use raw::{
    connection_address, count, forget_client_elsewhere, forget_kept, header, headers,
    holds_private_key, holds_public_key, new_object_id, object_id_of_name, panic, read_headers,
    respond, setting_names, totals, unreadable,
};

/// Sends a command to an object; nothing where no object can have that identifier.
pub async fn send(
    env: &Env,
    namespace: &str,
    (named, to): (bool, &str),
    command: &str,
    hold: u32,
) -> Result<Option<String>, Unavailable> {
    raw::send(env, namespace, named, to, command, hold);
    Ok(outcome().await?.as_string())
}

/// Removes everything that an object has stored.
pub async fn erase(host: &Host) -> Result<(), Unavailable> {
    raw::erase(host);
    outcome().await.map(drop)
}

/// Waits that many milliseconds.
pub async fn sleep(milliseconds: u32) -> Result<(), Unavailable> {
    raw::sleep(milliseconds);
    outcome().await.map(drop)
}

/// Imports a private key (PKCS #8) under its name.
pub async fn import_private_key(kid: &str, alg: &str, pkcs8: &[u8]) -> Result<(), Unavailable> {
    raw::import_private_key(kid, alg, pkcs8);
    outcome().await.map(drop)
}

/// Signs with a key that was imported.
pub async fn sign(kid: &str, input: &[u8]) -> Result<Vec<u8>, Unavailable> {
    raw::sign(kid, input);
    outcome().await.map(|signature| bytes(&signature))
}

/// Imports a public key, a JWK with its `kid` and `alg`.
pub async fn import_public_key(jwk: &str) -> Result<(), Unavailable> {
    raw::import_public_key(jwk);
    outcome().await.map(drop)
}

/// Verifies with a key that was imported.
pub async fn verify(kid: &str, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable> {
    raw::verify(kid, input, signature);
    outcome().await.map(|holds| holds.is_truthy())
}

/// Makes a key: the public half as a JWK, and the private half as PKCS #8.
pub async fn generate_key(alg: &str) -> Result<(String, Vec<u8>), Unavailable> {
    raw::generate_key(alg);
    let parts = Array::from(&outcome().await?);
    Ok((parts.get(0).as_string().unwrap_or_default(), bytes(&parts.get(1))))
}

/// Verifies with a key of someone else, a JWK of its numbers alone.
pub async fn verify_foreign(
    jwk: &str,
    alg: &str,
    input: &[u8],
    signature: &[u8],
) -> Result<bool, Unavailable> {
    raw::verify_foreign(jwk, alg, input, signature);
    outcome().await.map(|holds| holds.is_truthy())
}

/// Signs by ES256 with a key that is not kept (PKCS #8).
pub async fn sign_with(pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable> {
    raw::sign_with(pkcs8, input);
    outcome().await.map(|signature| bytes(&signature))
}

/// What the platform says of an error.
pub(super) fn unavailable(error: JsValue) -> Unavailable {
    let text = js_sys::Error::from(error).message();
    Unavailable::new(String::from(text))
}

fn bytes(buffer: &JsValue) -> Vec<u8> {
    Uint8Array::new(buffer).to_vec()
}

#[wasm_bindgen]
extern "C" {
    /// The request as Cloudflare hands it over.
    pub type Incoming;
    /// What Cloudflare knows about the connection; `None` on other runtimes.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn cf(this: &Incoming) -> Option<IncomingRequestCfProperties>;

    /// The object that hosts a machine (`object.js`). Methods that read fail if what is stored is not text.
    pub type Host;
    #[wasm_bindgen(method, js_name = nowAtLeast)]
    pub(crate) fn now_at_least(this: &Host, time: f64) -> f64;
    #[wasm_bindgen(method, js_name = nextNumber)]
    pub(crate) fn next_number(this: &Host, at_least: f64) -> f64;
    /// The state; an empty text if there is none.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn load(this: &Host) -> Result<String, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn read(this: &Host, key: &str) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn list(this: &Host, prefix: &str) -> Result<Array, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn change(
        this: &Host,
        state: Option<&str>,
        is_written: bool,
        rows: Option<Array>,
        alarm: Option<f64>,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = alarmIsSet)]
    pub(crate) fn alarm_is_set(this: &Host) -> bool;
    #[wasm_bindgen(method, js_name = objectId)]
    pub(crate) fn object_id(this: &Host) -> String;
    #[wasm_bindgen(method, js_name = reportUnreadable)]
    pub(crate) fn report_unreadable(this: &Host, what: &str, why: &str) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn hold(this: &Host);
    #[wasm_bindgen(method)]
    pub(crate) fn owe(this: &Host);

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn log(message: &str);
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub(crate) fn log_event(line: &str);
}

/// A variable or secret of the deployment: text, or JSON if `wrangler.toml` has a table, a number or a boolean.
pub fn variable(env: &Env, name: &str) -> Option<String> {
    let value = js_sys::Reflect::get(env, &name.into()).ok()?;
    // workerd binds null to a setting that the environment doesn't have, and `Env::var` throws an error for it.
    if value.is_undefined() || value.is_null() {
        return None;
    }
    match env.var(name) {
        Ok(text) => Some(text.to_string()),
        Err(_) => js_sys::JSON::stringify(&value).ok()?.as_string(),
    }
}
