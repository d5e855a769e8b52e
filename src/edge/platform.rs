//! The functions of `platform.js`, and the JavaScript objects that Rust is handed.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::Env;

#[wasm_bindgen(raw_module = "../src/edge/platform.js")]
extern "C" {
    pub fn panic(message: &str);

    #[wasm_bindgen(js_name = newObjectId, catch)]
    pub fn new_object_id(env: &Env, namespace: &str) -> Result<String, JsValue>;
    #[wasm_bindgen(js_name = objectIdOfName, catch)]
    pub fn object_id_of_name(env: &Env, namespace: &str, name: &str) -> Result<String, JsValue>;
    #[wasm_bindgen]
    pub fn send(
        env: &Env,
        namespace: &str,
        named: bool,
        to: &str,
        command: &str,
        hold: u32,
    ) -> Promise;

    #[wasm_bindgen(js_name = holdsPrivateKey)]
    pub fn holds_private_key(kid: &str) -> bool;
    #[wasm_bindgen(js_name = importPrivateKey)]
    pub fn import_private_key(kid: &str, alg: &str, pkcs8: Uint8Array) -> Promise;
    #[wasm_bindgen]
    pub fn sign(kid: &str, input: &str) -> Promise;
    #[wasm_bindgen]
    pub fn verify(jwk: &str, input: &str, signature: Uint8Array) -> Promise;
    #[wasm_bindgen(js_name = generateKey)]
    pub fn generate_key(alg: &str) -> Promise;

    #[wasm_bindgen(js_name = verifyUpstream)]
    pub fn verify_upstream(numbers: &str, alg: &str, input: &str, signature: Uint8Array)
    -> Promise;
    #[wasm_bindgen(js_name = signWith)]
    pub fn sign_with(pkcs8: Uint8Array, input: &str) -> Promise;
    #[wasm_bindgen]
    pub fn ask(
        method: &str,
        url: &str,
        headers: &str,
        body: Option<String>,
        milliseconds: u32,
        limit: u32,
    ) -> Promise;

    #[wasm_bindgen(js_name = makeResponse)]
    pub fn make_response(status: u16, headers: &str, body: &[u8]) -> JsValue;
    #[wasm_bindgen]
    pub fn location(request: &Incoming) -> String;
    #[wasm_bindgen(js_name = connectionAddress)]
    pub fn connection_address(request: &Incoming) -> String;
}

#[wasm_bindgen]
extern "C" {
    /// The request as Cloudflare hands it over.
    pub type Incoming;
    #[wasm_bindgen(method, getter)]
    pub fn headers(this: &Incoming) -> IncomingHeaders;

    /// Its headers.
    pub type IncomingHeaders;
    #[wasm_bindgen(method)]
    pub fn get(this: &IncomingHeaders, name: &str) -> Option<String>;

    /// The object that hosts a machine: the methods of `Host` in `entry.js`. Where there is
    /// nothing, an empty text stands.
    pub type Host;
    #[wasm_bindgen(method)]
    pub fn load(this: &Host) -> String;
    #[wasm_bindgen(method)]
    pub fn remember(this: &Host, state: &str);
    #[wasm_bindgen(method)]
    pub fn read(this: &Host, key: &str) -> String;
    #[wasm_bindgen(method)]
    pub fn list(this: &Host, prefix: &str) -> Array;
    #[wasm_bindgen(method)]
    pub fn write(this: &Host, key: &str, value: &str);
    #[wasm_bindgen(method)]
    pub fn remove(this: &Host, key: &str);
    #[wasm_bindgen(method)]
    pub fn forget(this: &Host, kept: &str);
    #[wasm_bindgen(method)]
    pub fn erase(this: &Host) -> Promise;
    #[wasm_bindgen(method, js_name = setAlarm)]
    pub fn set_alarm(this: &Host, at: f64);
    #[wasm_bindgen(method)]
    pub fn hold(this: &Host);
    #[wasm_bindgen(method)]
    pub fn owe(this: &Host);
    #[wasm_bindgen(method)]
    pub fn changed(this: &Host);

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub fn log(message: &str);
}

/// A variable or secret of the deployment: text, or JSON where it is a table.
pub fn variable(env: &Env, name: &str) -> Option<String> {
    let value = js_sys::Reflect::get(env, &name.into()).ok()?;
    // A table of wrangler.toml comes as an object.
    let json = || js_sys::JSON::stringify(&value).ok()?.as_string();
    value.as_string().or_else(|| value.is_object().then(json).flatten())
}
