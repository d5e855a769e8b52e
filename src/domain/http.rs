//! What is asked of other servers, and what they answer: values, so that a machine can want a request
//! and be told what came of it.

use serde::{Deserialize, Serialize};

use super::time::Seconds;

/// A request to another server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// GET, POST or DELETE.
    pub method: HttpMethod,
    /// The address, as it was configured or found in metadata.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// How long to wait for the whole answer.
    pub timeout: Seconds,
}

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the methods of RFC 9110")]
pub enum HttpMethod {
    Get,
    Post,
    Delete,
}

/// How long another server may take.
const TIMEOUT: Seconds = Seconds(10);

impl HttpRequest {
    /// Fetches JSON.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: HttpMethod::Get,
            url: url.into(),
            headers: vec![
                ("accept".to_owned(), "application/json".to_owned()),
                // Some providers refuse a caller without a name.
                ("user-agent".to_owned(), "vestibule".to_owned()),
            ],
            body: None,
            timeout: TIMEOUT,
        }
    }

    /// Sends a form and expects JSON.
    pub fn form(url: impl Into<String>, body: String) -> Self {
        let request = Self { method: HttpMethod::Post, body: Some(body), ..Self::get(url) };
        request.with("content-type", "application/x-www-form-urlencoded")
    }

    /// Also has a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

impl std::fmt::Debug for HttpRequest {
    // Headers and body carry secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} {}", self.method, self.url)
    }
}

/// What another server answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The media type, as it came.
    pub content_type: String,
    /// The body, which is text and of bounded size.
    pub body: String,
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.status, self.content_type)
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HttpError {
    /// It took longer than the request allowed.
    #[error("it did not answer in time")]
    Timeout,
    /// The body is larger than is read.
    #[error("its answer is too large")]
    TooLarge,
    /// No connection, or one that broke.
    #[error("it cannot be reached")]
    Unreachable,
    /// The answer points elsewhere, and is not followed.
    #[error("it redirects, which is not followed")]
    Redirect,
    /// The answer's status says that it failed.
    #[error("it answered with an error")]
    Status,
    /// The address is not one that this server calls.
    #[error("its address is not one that may be called")]
    Address,
}
