//! The functions of `platform.js` that the executor calls.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./platform.js")]
extern "C" {
    /// The promise that was begun last, for a task whose fast way is taken.
    #[wasm_bindgen(js_name = takeSpare)]
    pub fn take_spare() -> Promise;
    /// Has JavaScript await a promise that [`wake`] resolves, before the task's next turn.
    pub fn park(module: u32, task: u32);
    /// Forgets that promise.
    pub fn unpark(module: u32, task: u32);
    /// Wakes a parked task; does nothing if the task isn't parked.
    pub fn wake(module: u32, task: u32);
}
