//! Answers, and nothing more.

use wasm_bindgen::prelude::wasm_bindgen;

/// The text of every response.
#[wasm_bindgen]
pub fn answer() -> String {
    "hello".to_owned()
}
