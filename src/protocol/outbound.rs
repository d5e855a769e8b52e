//! Checks URLs that the server itself will request. Otherwise anyone who writes a provider's metadata could make the
//! server send requests into a private network (server-side request forgery).

use url::{Host, Url};

/// Why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not a URL, or one with credentials or a fragment.
    #[error("it is not a URL that the server may request")]
    Syntax,
    /// Plain HTTP.
    #[error("it must be https")]
    PlainHttp,
    /// An IP address, or a host name that exists only in private networks.
    #[error("it names a private or numeric host")]
    Private,
}

/// The last labels of names that exist only in private networks (RFC 6761, RFC 6762, RFC 8375, RFC 9476).
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

/// Checks a URL. Local development allows every host and plain HTTP, because the provider is a process on the same
/// machine.
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
    // A name with a single label is a top-level domain, which hosts no provider.
    !name.contains('.')
        || PRIVATE.iter().any(|suffix| {
            name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}
