//! An HTTP request as the endpoints get it.

use std::cell::Cell;
use std::net::IpAddr;

use crate::domain::distance::Location;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::protocol::weight::Weight;

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// The longest path and query that is read, in bytes.
pub const MAX_TARGET: usize = 16 * 1024;

/// The longest `Cookie` header that is read, in bytes. Tabs that start to sign in at the same moment don't see each
/// other's cookies, so together they can exceed the usual number. The next sign-in removes them, so it must be able to
/// read them.
pub const MAX_COOKIES: usize = 64 * 1024;

/// The longest scheme, host and port, in bytes: a host name has at most 253 (RFC 1035 §2.3.4).
pub const MAX_ORIGIN: usize = 300;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the methods of RFC 9110")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Other,
}

impl Method {
    /// Reads a method's name.
    pub fn parse(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }
}

/// Gives details about the caller on demand, because most requests need few of them.
pub trait Caller {
    /// The value of a header. Several headers of one name are joined by commas (RFC 9110 §5.3).
    fn header(&self, name: &str) -> Option<String>;

    /// Where the caller is, as far as the network knows.
    fn location(&self) -> Location;

    /// The ID of the request in the operator's log.
    fn request_id(&self) -> String;

    /// The IP address at the other end of the connection, if the runtime tells it.
    fn connection_address(&self) -> Option<String> {
        None
    }
}

/// Where a caller's IP address is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAddress {
    /// From a header that the proxy in front sets, and that no one else can set.
    Header(String),
    /// From the connection, because there is no proxy in front.
    Connection,
}

/// Text that a caller sent. It counts as memory in use while it exists.
#[derive(Debug, Default)]
pub struct Text {
    text: String,
    _weight: Weight,
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        let text = text.into();
        Self { _weight: Weight::new(text.len()), text }
    }
}

/// A request.
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The scheme, host and port that the caller used.
    pub origin: String,
    /// The path.
    pub path: String,
    /// The query, without the question mark; empty once [`Request::take_form`] was called.
    pub query: Cell<Text>,
    /// The body, at most [`MAX_BODY`] bytes, with U+FFFD in place of bytes that are not UTF-8. Empty once
    /// [`Request::take_form`] was called.
    pub body: Cell<Text>,
    /// Details about the caller.
    pub caller: &'a dyn Caller,
}

impl Request<'_> {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        self.caller.header(name)
    }

    /// Where the caller is, as far as the network knows.
    pub fn location(&self) -> Location {
        self.caller.location()
    }

    /// The ID of the request in the operator's log.
    pub fn request_id(&self) -> String {
        self.caller.request_id()
    }

    /// Calls `read` with the query.
    pub fn with_query<T>(&self, read: impl FnOnce(&str) -> T) -> T {
        peek(&self.query, read)
    }

    /// The parameter of a path such as `/connect/{provider}`: everything after the first segment.
    pub fn path_parameter(&self) -> &str {
        let segments = self.path.strip_prefix('/').and_then(|path| path.split_once('/'));
        segments.map_or("", |(_, parameter)| parameter)
    }

    /// The parameters of the query.
    ///
    /// # Errors
    /// `invalid_request` for a malformed query.
    pub fn query(&self) -> Result<Parameters, OAuthError> {
        self.with_query(|query| Parameters::parse(query.as_bytes()))
            .map_err(|error| OAuthError::invalid_request(error.to_string()))
    }

    /// Calls `read` with the body, which must be UTF-8.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn with_text<T>(&self, read: impl FnOnce(&str) -> T) -> Result<T, OAuthError> {
        peek(&self.body, |body| {
            if body.contains(char::REPLACEMENT_CHARACTER) {
                return Err(OAuthError::invalid_request("the body must be UTF-8"));
            }
            Ok(read(body))
        })
    }

    /// The parameters of a form body, even if some were sent twice.
    ///
    /// # Errors
    /// `invalid_request` for a body of another type or a malformed one.
    pub fn any_form(&self) -> Result<Parameters, OAuthError> {
        if self.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
            return Err(OAuthError::invalid_request(
                "the Content-Type must be application/x-www-form-urlencoded",
            ));
        }
        self.with_text(|text| Parameters::parse(text.as_bytes()))?
            .map_err(|error| OAuthError::invalid_request(error.to_string()))
    }

    /// The parameters of a form body, each sent once (RFC 6749 §3.2).
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn form(&self) -> Result<Parameters, OAuthError> {
        let form = self.any_form()?;
        form.once_each().map_err(|error| OAuthError::invalid_request(error.to_string()))?;
        Ok(form)
    }

    /// The parameters of a form body, each sent once. Drops the body and the query, so that they take no memory while
    /// the request waits.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn take_form(&self) -> Result<Parameters, OAuthError> {
        let form = self.form();
        drop(self.body.take());
        drop(self.query.take());
        form
    }

    /// The media type of the body, without its parameters.
    pub fn media_type(&self) -> Option<String> {
        let header = self.header("content-type")?;
        let media_type = header.split(';').next().unwrap_or_default();
        Some(media_type.trim().to_ascii_lowercase())
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The names and values of all cookies (RFC 6265 §4.2); none if they are longer than [`MAX_COOKIES`].
    ///
    /// Only spaces and tabs are removed around them. A browser lets any subdomain set a cookie whose name begins
    /// with another blank, such as U+2003, and then `__Host-session`: it must not count as that cookie.
    pub fn cookies(&self) -> Vec<(String, String)> {
        let header = self.header("cookie").filter(|header| header.len() <= MAX_COOKIES);
        let header = header.unwrap_or_default();
        let pairs = header.split(';').filter_map(|pair| pair.split_once('='));
        let bare = |text: &str| text.trim_matches([' ', '\t']).to_owned();
        pairs.map(|(name, value)| (bare(name), bare(value))).collect()
    }

    /// The caller's network, for rate limits: an IPv4 address, or the /64 prefix of an IPv6 address, because a
    /// household or machine usually gets a whole /64.
    pub fn client_network(&self, address: &ClientAddress) -> String {
        let found = match address {
            ClientAddress::Connection => self.caller.connection_address(),
            // The nearest proxy appended the last value. The caller could have set the others.
            ClientAddress::Header(name) => self
                .header(name)
                .and_then(|value| value.rsplit(',').next().map(|last| last.trim().to_owned())),
        };
        match found.unwrap_or_default().parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(address) => address.to_string(),
                None => {
                    let [a, b, c, d, ..] = address.segments();
                    format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
                }
            },
            Ok(address) => address.to_string(),
            Err(_) => "unknown".to_owned(),
        }
    }
}

/// Calls `read` with the text of a cell.
fn peek<T>(cell: &Cell<Text>, read: impl FnOnce(&str) -> T) -> T {
    let text = cell.take();
    let result = read(&text.text);
    cell.set(text);
    result
}
