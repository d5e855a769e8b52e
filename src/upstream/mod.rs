//! Upstream providers: what this server is to them, a relying party and a client. Builds requests,
//! checks answers, and says who a person is there. Knows no storage of its own and no page.

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
