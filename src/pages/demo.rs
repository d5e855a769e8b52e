//! The demo pages of local development.

use askama::Template;

use super::Page;

/// Where a newcomer begins.
#[derive(Template)]
#[template(path = "demo.html")]
pub struct Home<'a> {
    /// The demo person.
    pub email: &'a str,
    /// The demo person's password.
    pub password: &'a str,
    /// Whether the social network runs.
    pub social: bool,
    /// Whether the company runs.
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

/// What a client got.
#[derive(Template)]
#[template(path = "demo_tokens.html")]
pub struct Tokens<'a> {
    /// The client.
    pub client: &'a str,
    /// What went wrong.
    pub error: Option<&'a str>,
    /// What userinfo says.
    pub claims: &'a [(String, String)],
    /// The token response.
    pub lines: &'a [(String, String)],
}

impl Page for Tokens<'_> {
    fn title(&self) -> String {
        match self.error {
            Some(_) => format!("{} was not let in", self.client),
            None => format!("{} is signed in", self.client),
        }
    }

    fn is_wide(&self) -> bool {
        true
    }
}

/// A television.
#[derive(Template)]
#[template(path = "demo_tv.html")]
pub struct Television<'a> {
    /// The code to type.
    pub user_code: &'a str,
    /// Where to type it.
    pub verification_uri: &'a str,
    /// Both in one.
    pub verification_uri_complete: &'a str,
    /// Both in one, as a picture.
    pub qr: &'a str,
}

impl Page for Television<'_> {
    fn title(&self) -> String {
        "Living Room TV".to_owned()
    }
}

/// A machine.
#[derive(Template)]
#[template(path = "demo_machine.html")]
pub struct Machine<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// The machine's secret.
    pub secret: &'a str,
    /// What it got, and what the other machine was told of it.
    pub lines: &'a [(String, String)],
}

impl Page for Machine<'_> {
    fn title(&self) -> String {
        "A machine calls a machine".to_owned()
    }

    fn is_wide(&self) -> bool {
        true
    }
}
