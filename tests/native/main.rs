//! The native tests: everything but the edge, over in-memory ports with a clock that the test moves. Each test name is
//! a sentence of the specification.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at what it did not expect"
)]

mod account_events;
mod accounts;
mod app_connections;
mod attacks;
mod authentications;
mod cache;
mod clocks;
mod connection_secrets;
mod connections;
mod crashes;
mod device_apps;
mod earlier_release;
mod events;
mod federation;
mod foreign_json;
mod foreign_keys;
mod fuzz;
#[path = "../fuzz/targets/mod.rs"]
mod fuzz_targets;
mod gone;
mod grant_codes;
mod grant_devices;
mod grant_properties;
mod impersonation;
mod key_ring;
mod limits;
mod maps;
mod messages;
mod modules;
mod outdated_forms;
mod packages;
mod passwords;
mod protocol;
mod provider_answers;
mod provider_tabs;
mod registration_requests;
mod registrations;
mod registry;
mod rooms;
mod scopes;
mod secret_rotation;
mod secrets;
mod security_page;
mod server;
mod settings;
mod signatures;
mod signing_keys;
mod slot;
mod stored;
mod stored_versions;
mod support;
mod tasks;
mod tenants;
mod texts;
mod token_forms;
mod tokens;
