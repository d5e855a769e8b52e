//! The values that requests and responses consist of, with references to their specifications. Knows no storage, no
//! HTTP and no time.

pub mod claims;
pub mod client_metadata;
pub mod email;
pub mod error;
pub mod foreign_json;
pub mod grant_type;
pub mod outbound;
pub mod parameters;
pub mod pkce;
pub mod prefer;
pub mod prompt;
pub mod provider_metadata;
pub mod redirect_uri;
pub mod registration;
pub mod resource;
pub mod response_mode;
pub mod scope;
pub mod server_metadata;
pub mod text;
pub mod user_code;
pub mod weight;
