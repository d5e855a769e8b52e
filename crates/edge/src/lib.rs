//! Cloudflare: the only crate that names the platform. It implements the ports, hosts the machines
//! in Durable Objects, and knows no rule of OAuth.
//!
//! Two wasm modules are made of it. `crates/worker` answers most requests and hosts the machines; `crates/on_demand`
//! is loaded when one of its pages is first asked for. Each has its own memory, caches and tasks ([`Module`]).

#![forbid(unsafe_code)]
// On any other target it is empty, so that checks of the whole workspace pass.
#![cfg(target_arch = "wasm32")]

mod answer;
mod cache;
mod clients;
mod clock;
mod fetch;
mod keys;
mod kv;
mod memory;
mod module;
pub mod objects;
mod outside;
mod parking;
mod platform;
mod ports;
mod random;
mod request;
mod settings;
mod slot;
mod start;
mod tasks;
mod turns;

pub use self::answer::{ELSEWHERE, answer};
pub use self::module::Module;
pub use self::platform::{Host, Incoming};
pub use self::settings::report_settings;
pub use self::start::start;
