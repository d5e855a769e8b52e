//! Addresses that the server itself may call: whoever writes a provider's metadata must not be able
//! to turn the server against a network that only it can reach (RFC 9700 §4.16 names the attack for
//! redirects, OWASP calls it server-side request forgery).

use url::{Host, Url};

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not a URL, or one with credentials or a fragment in it.
    #[error("it is not an address that a server may call")]
    Syntax,
    /// Plain HTTP.
    #[error("it must be https")]
    PlainHttp,
    /// A number instead of a name, or a name that only a private network knows.
    #[error("it names a private or numeric host")]
    Private,
}

/// Names that end so are known to one network alone (RFC 6761, RFC 6762, RFC 8375, RFC 9476).
const PRIVATE: [&str; 10] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "corp",
    "private",
    "test",
    "alt",
];

/// Checks an address. In local development everything is called, since the provider is a process on
/// the same machine.
///
/// # Errors
/// See [`OutboundError`].
pub fn check(address: &str, development: bool) -> Result<Url, OutboundError> {
    let url = Url::parse(address).map_err(|_| OutboundError::Syntax)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !plain || address.len() > 2000 || !matches!(url.scheme(), "https" | "http") {
        return Err(OutboundError::Syntax);
    }
    if development {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(OutboundError::PlainHttp);
    }
    match url.host() {
        Some(Host::Domain(name)) if !is_private(name) => Ok(url),
        _ => Err(OutboundError::Private),
    }
}

fn is_private(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // One label: no name of the public DNS that serves anything.
    !name.contains('.')
        || PRIVATE.iter().any(|suffix| {
            name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}
