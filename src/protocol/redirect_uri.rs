//! Redirect URIs: which may be registered, and when a request's URI matches (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700
//! §2.1).

use url::{Host, Url};

/// Why a redirect URI can't be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// RFC 6749 §3.1.2.
    #[error("a redirect URI must be an absolute URI, at most 2000 characters of ASCII")]
    Syntax,
    /// RFC 6749 §3.1.2.
    #[error("a redirect URI must not have a fragment")]
    Fragment,
    /// Credentials in a URI appear in address bars and logs.
    #[error("a redirect URI must not carry a user name or password")]
    Credentials,
    /// RFC 8252 §7.3 and §8.3.
    #[error("http redirect URIs are allowed only for 127.0.0.1, [::1] and localhost; use https")]
    PlainHttp,
    /// A scheme that runs code, or a URI without an authority (`https:example.com`).
    #[error("this scheme cannot receive an authorization response")]
    Scheme,
    /// RFC 8252 §7.1: a private-use scheme is a reversed domain name that the app's developer controls.
    #[error("a private-use scheme must contain a period, such as com.example.app")]
    PrivateUseScheme,
}

/// Schemes that browsers execute, read from, or handle themselves.
const REFUSED: [&str; 12] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "ftp",
    "ws",
    "wss",
    "view-source",
    "filesystem",
    "mailto",
];

/// Checks a URI for registration.
///
/// # Errors
/// See [`RedirectUriError`].
pub fn check(uri: &str) -> Result<(), RedirectUriError> {
    let printable =
        uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    if uri.len() > 2000 || !printable {
        return Err(RedirectUriError::Syntax);
    }
    if uri.contains('#') {
        return Err(RedirectUriError::Fragment);
    }
    let url = Url::parse(uri).map_err(|_| RedirectUriError::Syntax)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectUriError::Credentials);
    }
    match url.scheme() {
        scheme if REFUSED.contains(&scheme) => Err(RedirectUriError::Scheme),
        // The parser accepts `https:example.com`, but browsers interpret it differently.
        "https" | "http" if !has_authority(uri) => Err(RedirectUriError::Scheme),
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err(RedirectUriError::PlainHttp),
        scheme if !scheme.contains('.') => Err(RedirectUriError::PrivateUseScheme),
        _ => Ok(()),
    }
}

/// Whether the URI of a request is the registered one. Both must be identical, except for the port of a loopback URI,
/// which the operating system chooses (RFC 8252 §7.3).
pub fn matches(registered: &str, sent: &str) -> bool {
    if registered == sent {
        return true;
    }
    match (loopback(registered), loopback(sent)) {
        (Some(registered), Some(sent)) => registered == sent,
        _ => false,
    }
}

/// The host of a loopback `http` URI, and what follows its authority, character by character.
///
/// The URI must be one that [`check`] accepts: the parser ignores line breaks and tabs, even in a port, and they
/// would be sent on in the `Location` header.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    check(uri).ok()?;
    let after = uri.strip_prefix("http://")?;
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end)?;
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => authority,
    };
    Some((host, rest))
}

/// Whether the host is a loopback address or `localhost` (RFC 8252 §7.3 and §8.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn has_authority(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//") && !rest.starts_with("///"))
}

/// The source for a page's `form-action` policy, so that the browser may follow the response to this URI. Browsers also
/// check all later redirects, and an app may redirect to another of its hosts, so the source allows the whole scheme.
pub fn form_action_source(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.scheme() {
        "http" if is_loopback(&url) => {
            Some("http://localhost:* http://127.0.0.1:* https:".to_owned())
        }
        "http" => None,
        scheme => Some(format!("{scheme}:")),
    }
}

/// Where a redirect URI takes the user. Contains only the part of the URI that its author can't choose freely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A web site: its host (in Punycode, as in DNS), and the port if it is not the default.
    Site(String),
    /// A program on the user's own device (RFC 8252 §7.3): scheme, loopback address and port.
    ThisDevice(String),
    /// An app with a private-use URI scheme (RFC 8252 §7.1): the scheme and its colon. Only the app gives
    /// meaning to what follows: `com.evil.app://accounts.google.com/` is not Google's.
    App(String),
}

impl Destination {
    /// The destination of a URI; `None` if it can't be parsed.
    pub fn of(uri: &str) -> Option<Self> {
        let url = Url::parse(uri).ok()?;
        let authority = || match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        Some(match url.scheme() {
            "https" => Self::Site(authority()),
            "http" if is_loopback(&url) => Self::ThisDevice(format!("http://{}", authority())),
            // Only a client that the operator wrote can have an http URI that isn't loopback.
            "http" => Self::Site(format!("http://{}", authority())),
            scheme => Self::App(format!("{scheme}:")),
        })
    }
}
