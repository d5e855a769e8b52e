//! The start of an instance of a wasm module.

use super::module::Module;
use super::{platform, request};

/// Prepares a new instance. Each module calls this when it starts.
pub fn start(module: Module) {
    module.set();
    std::panic::set_hook(Box::new(move |panic| {
        platform::panic(module.number(), &panic.to_string());
    }));
    platform::read_headers(&request::HEADERS.join(" "));
}
