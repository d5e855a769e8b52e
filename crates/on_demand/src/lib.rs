//! The wasm module of what is asked for rarely. It is loaded when one of its paths is first asked for, and hosts no
//! machine.

#![cfg(target_arch = "wasm32")]

use vestibule::endpoints::routes;
use vestibule_edge::{Incoming, Module};
use wasm_bindgen::prelude::*;
use worker::Env;

/// Runs once for each instance.
#[wasm_bindgen(start)]
fn start() {
    vestibule_edge::start(Module::OnDemand);
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
    vestibule_edge::answer(&routes::ON_DEMAND, incoming, method, url, body, env)
}
