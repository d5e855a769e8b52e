//! What the server stores, as state machines without I/O: a state, commands and replies.
//!
//! Time and random bytes are parameters. A machine returns as an effect whatever it needs from outside. [`machine`] has
//! the pattern; every other module is one machine or a value that machines share. Nothing here knows Cloudflare, HTTP
//! handling or the JSON of the endpoints.

pub mod account;
pub mod attempts;
pub mod authentication;
pub mod client;
pub mod connection;
pub mod distance;
pub mod document;
pub mod entropy;
pub mod event;
pub mod event_log;
pub mod grant;
pub mod http;
pub mod identifier;
pub mod identity;
pub mod key_ring;
pub mod machine;
pub mod notice;
pub mod password;
pub mod registration;
pub mod secret;
pub mod stored;
pub mod throttle;
pub mod time;
pub mod token;
pub mod verification;
