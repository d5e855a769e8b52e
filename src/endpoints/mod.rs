//! What clients and browsers call: one file for each endpoint, a folder where there is more to it.
//! Parse, authenticate, decide, answer. Knows no Cloudflare.

pub mod account;
pub mod assets;
pub mod authorize;
pub mod browser;
pub mod client_authentication;
pub mod client_policy;
pub mod code;
pub mod connections;
pub mod consent;
pub mod demo;
pub mod developers;
pub mod device;
pub mod device_authorization;
pub mod discovery;
pub mod end_session;
pub mod failure;
pub mod form;
pub mod http;
pub mod interaction;
pub mod introspect;
pub mod jwks;
pub mod new_account;
pub mod register;
mod release;
mod requested_scope;
pub mod revoke;
pub mod routes;
pub mod server;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod token;
pub mod upstream;
pub mod userinfo;
pub mod verify;
pub mod waiting;
