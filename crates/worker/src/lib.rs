//! The wasm module that answers most requests and hosts the machines.

#![cfg(target_arch = "wasm32")]

use vestibule::endpoints::routes;
use vestibule_edge::{Host, Incoming, Module, objects};
use wasm_bindgen::prelude::*;
use worker::Env;

/// Runs once for each instance.
#[wasm_bindgen(start)]
fn start() {
    vestibule_edge::start(Module::Main);
}

/// See [`vestibule_edge::answer`].
#[wasm_bindgen]
pub fn answer(
    incoming: Incoming,
    method: String,
    url: String,
    body: String,
    env: Env,
) -> Result<u32, JsError> {
    vestibule_edge::answer(&routes::MAIN, incoming, method, url, body, env)
}

/// See [`objects::step`].
#[wasm_bindgen]
pub fn step(class: &str, host: &Host, command: &str) -> Result<String, JsError> {
    objects::step(class, host, command)
}

/// See [`objects::wake`].
#[wasm_bindgen]
pub fn wake(class: &str, host: &Host) -> Result<(), JsError> {
    objects::wake(class, host)
}

/// See [`objects::perform`].
#[wasm_bindgen]
pub fn perform(class: &str, host: Host, env: Env) -> Result<u32, JsError> {
    objects::perform(class, host, env)
}

/// See [`vestibule_edge::report_settings`].
#[wasm_bindgen(js_name = reportSettings)]
pub fn report_settings(env: &Env) -> Result<String, JsError> {
    vestibule_edge::report_settings(env)
}
