//! Authorization codes as they are sent: what they say, sealed, behind a prefix that secret scanners
//! know. Whatever this server did not seal is refused before anything is asked.

use super::failure::Failure;
use super::server::Server;
use crate::domain::grant::code::AuthorizationCode;
use crate::jose::seal::Purpose;

const PREFIX: &str = "vac_";
/// No code that a request of the allowed size leads to is longer, in bytes.
const LONGEST: usize = 32 * 1024;

/// The value that is sent to the app.
///
/// # Errors
/// Only what is ours.
pub fn seal(server: &Server<'_>, code: &AuthorizationCode) -> Result<String, Failure> {
    let json = serde_json::to_vec(code).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(format!("{PREFIX}{}", server.seal(Purpose::AuthorizationCode, &json)?))
}

/// Reads a value that [`seal`] made; none for any other.
pub fn open(server: &Server<'_>, value: &str) -> Option<AuthorizationCode> {
    let sealed = value.strip_prefix(PREFIX).filter(|sealed| sealed.len() <= LONGEST)?;
    let json = server.settings.sealer.open(Purpose::AuthorizationCode, sealed).ok()?;
    serde_json::from_slice(&json).ok()
}
