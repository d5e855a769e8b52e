//! What the server remembers, as state machines without I/O: a state, a command, a reply.
//!
//! The clock's reading and random bytes are parameters; what a machine wants from outside it
//! returns as an effect. [`machine`] has the pattern; every other file is one machine or a value
//! that machines share. Knows no Cloudflare, no HTTP and no JSON of the wire.

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
