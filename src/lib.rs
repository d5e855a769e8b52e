//! Vestibule: an OAuth 2.1 and OpenID Connect authorization server for Cloudflare Workers.
//!
//! The rooms, from the ground up; a room uses only rooms below it (`ARCHITECTURE.md` is the map):
//!
//! - [`tenant`]: the names under which a tenant's data is stored,
//! - [`protocol`]: the words on the wire,
//! - [`jose`]: keys, signatures and sealed values,
//! - [`domain`]: what the server remembers, as state machines,
//! - [`ports`]: what the inside asks of the outside,
//! - [`upstream`]: what other providers are asked,
//! - [`host`]: how a state machine is run, stored and woken,
//! - [`pages`]: what people see,
//! - [`endpoints`]: what clients and browsers call,
//!
//! `crates/edge` is Cloudflare, and the only crate that knows it.

#![forbid(unsafe_code)]

pub mod domain;
pub mod endpoints;
pub mod host;
pub mod jose;
pub mod pages;
pub mod ports;
pub mod protocol;
pub mod tenant;
pub mod upstream;
