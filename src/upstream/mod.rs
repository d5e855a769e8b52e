//! Upstream providers, at which this server is a relying party and a client. Builds requests, verifies responses, and
//! reads the user's identity from them. Knows no storage and no pages.

pub mod authorization;
pub mod connection;
pub mod endpoints;
pub mod error;
pub mod id_token;
pub mod metadata;
pub mod presets;
pub mod profile;
pub mod provider;
pub mod sign_in;
pub mod token;
