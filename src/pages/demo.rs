//! The demo pages of local development.

use askama::Template;

use super::Page;

/// The demo's start page.
#[derive(Template)]
#[template(path = "demo.html")]
pub struct Home<'a> {
    /// The demo user's email address.
    pub email: &'a str,
    /// The demo user's password.
    pub password: &'a str,
    /// Whether the demo's social network is running.
    pub social: bool,
    /// Whether the demo's company provider is running.
    pub company: bool,
}

impl Page for Home<'_> {
    fn title(&self) -> String {
        "See it work".to_owned()
    }

    fn is_wide(&self) -> bool {
        true
    }
}

/// The page with a client's tokens.
#[derive(Template)]
#[template(path = "demo_tokens.html")]
pub struct Tokens<'a> {
    /// The client ID.
    pub client: &'a str,
    /// The error code.
    pub error: Option<&'a str>,
    /// The userinfo response.
    pub claims: &'a [(String, String)],
    /// The token response.
    pub lines: &'a [(String, String)],
}

impl Page for Tokens<'_> {
    fn title(&self) -> String {
        match self.error {
            Some(_) => format!("{} was denied", self.client),
            None => format!("{} is signed in", self.client),
        }
    }

    fn is_wide(&self) -> bool {
        true
    }
}

/// The television's screen.
#[derive(Template)]
#[template(path = "demo_tv.html")]
pub struct Television<'a> {
    /// The user code.
    pub user_code: &'a str,
    /// The URL at which to type it.
    pub verification_uri: &'a str,
    /// The URL that contains the code.
    pub verification_uri_complete: &'a str,
    /// The URL of that as a QR code.
    pub qr: &'a str,
}

impl Page for Television<'_> {
    fn title(&self) -> String {
        "Living Room TV".to_owned()
    }
}

/// The page of the service that calls another one.
#[derive(Template)]
#[template(path = "demo_machine.html")]
pub struct Machine<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The service's client secret.
    pub secret: &'a str,
    /// The token response and the introspection response.
    pub lines: &'a [(String, String)],
}

impl Page for Machine<'_> {
    fn title(&self) -> String {
        "One service calls another".to_owned()
    }

    fn is_wide(&self) -> bool {
        true
    }
}
