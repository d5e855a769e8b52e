//! Keys, signatures and sealed values (RFC 7515 to 7519, RFC 7638). Knows no storage and no HTTP. Implementations of
//! [`crate::ports::Signer`] make the signatures.

pub mod access_token;
pub mod client_assertion;
pub mod foreign_key;
pub mod id_token;
pub mod jwk;
pub mod jws;
pub mod logout_token;
pub mod seal;
pub mod upstream_id_token;
