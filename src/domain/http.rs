//! Requests to other servers and their responses. They are plain values, so a machine can ask for a request as an
//! effect and receive the result in a command.

use serde::{Deserialize, Serialize};

use super::time::Seconds;

/// A request to another server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// GET, POST or DELETE.
    pub method: HttpMethod,
    /// The URL, from the configuration or from a provider's metadata.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// How long to wait for the whole response.
    pub timeout: Seconds,
}

/// The HTTP methods that the server uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the methods of RFC 9110")]
pub enum HttpMethod {
    Get,
    Post,
    Delete,
}

/// The default timeout.
const TIMEOUT: Seconds = Seconds(10);

impl HttpRequest {
    /// A GET request that accepts JSON.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: HttpMethod::Get,
            url: url.into(),
            headers: vec![
                ("accept".to_owned(), "application/json".to_owned()),
                // Some providers refuse requests without a `User-Agent`.
                ("user-agent".to_owned(), "vestibule".to_owned()),
            ],
            body: None,
            timeout: TIMEOUT,
        }
    }

    /// A POST request with a form; it accepts JSON.
    pub fn form(url: impl Into<String>, body: String) -> Self {
        let request = Self { method: HttpMethod::Post, body: Some(body), ..Self::get(url) };
        request.with("content-type", "application/x-www-form-urlencoded")
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

impl std::fmt::Debug for HttpRequest {
    // Headers and body contain secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} {}", self.method, self.url)
    }
}

/// The response of another server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The media type, unparsed.
    pub content_type: String,
    /// The body as text, of limited size.
    pub body: String,
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.status, self.content_type)
    }
}

/// Why there is no usable response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HttpError {
    /// It took longer than the request allowed.
    #[error("it did not answer in time")]
    Timeout,
    /// The body is larger than the server reads.
    #[error("its answer is too large")]
    TooLarge,
    /// No connection could be made, or it broke.
    #[error("it cannot be reached")]
    Unreachable,
    /// The response is a redirect, which is not followed.
    #[error("it redirects, and redirects are not followed")]
    Redirect,
    /// The status of the response is an error.
    #[error("it answered with an error")]
    Status,
    /// This server doesn't call that address.
    #[error("this server does not call its address")]
    Address,
}
