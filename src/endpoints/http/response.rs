//! An HTTP response as the endpoints make it.

use std::borrow::Cow;

use serde::Serialize;

use crate::protocol::error::OAuthError;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Cow<'static, str>,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Cow::Borrowed("") }
    }

    /// JSON that must not be cached (RFC 6749 §5.1).
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self::empty(status)
                .with("content-type", "application/json")
                .with("cache-control", "no-store")
                .with_body(body),
            Err(_) => Self::empty(500),
        }
    }

    /// An error as JSON (RFC 6749 §5.2).
    pub fn error(status: u16, error: &OAuthError) -> Self {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'static str,
            error_description: &'a str,
        }
        let body = Body { error: error.code.as_str(), error_description: &error.description };
        Self::json(status, &body)
    }

    /// Redirects the browser with a GET (303; RFC 9700 §4.12 forbids 307).
    pub fn see_other(location: &str) -> Self {
        Self::empty(303).with("location", location).with("cache-control", "no-store")
    }

    /// Adds a header, or replaces it. A `set-cookie` header is always added.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(held, _)| *held != name || name == "set-cookie");
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a cookie. Every cookie is bound to this host and hidden from scripts. `SameSite=Lax`, so that it is sent
    /// when the user comes back from an app by a link.
    #[must_use]
    pub fn with_cookie(self, name: &str, value: &str, max_age: u32) -> Self {
        let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
        self.with("set-cookie", format!("{name}={value}; {attributes}; Max-Age={max_age}"))
    }

    /// Adds these cookies.
    #[must_use]
    pub fn with_cookies(self, cookies: &[Cookie]) -> Self {
        let set = |response: Self, cookie: &Cookie| {
            response.with_cookie(&cookie.name, &cookie.value, cookie.max_age)
        };
        cookies.iter().fold(self, set)
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Cow<'static, str>>) -> Self {
        self.body = body.into();
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| *held == name).map(|(_, value)| value.as_str())
    }
}

/// A cookie to set ([`Response::with_cookie`]).
#[derive(Clone, Debug)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// How long the browser keeps it, in seconds; 0 removes it.
    pub max_age: u32,
}

impl Cookie {
    /// A cookie that removes the one with this name.
    pub fn removed(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: String::new(), max_age: 0 }
    }
}
