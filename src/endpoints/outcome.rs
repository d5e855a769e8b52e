//! The result of an endpoint, as data: a response, or what happens next.
//!
//! Endpoints don't call what comes after them. They return it, and `resume.rs`, the layer above them, carries it out.
//! So a new way to sign in ends in an [`Outcome`], and a new request that a sign-in can interrupt is an
//! [`Interaction`]; neither has to know the other.

use super::browser::ClaimedSession;
use super::http::{Cookie, Response};
use super::interaction::Interaction;

/// The result of an endpoint.
pub enum Outcome {
    /// The response.
    Answer(Response),
    /// Resume the interrupted request, in the session that this browser has.
    Resume(Interaction, ClaimedSession),
    /// Show the sign-in page. The interrupted request keeps waiting.
    ShowSignIn(Interaction, SignInPage),
    /// Show the account page with a status and an error for the user.
    ShowAccount(u16, String),
    /// Carry out the inner outcome, and set cookies with its response.
    WithCookies(Vec<Cookie>, Box<Outcome>),
}

/// What the sign-in page shows.
#[derive(Clone, Debug)]
pub struct SignInPage {
    /// The HTTP status.
    pub status: u16,
    /// The email address that the user typed or the client hinted.
    pub email: String,
    /// The error, for the user.
    pub error: Option<String>,
    /// Whether to show the password field: the typed address belongs to no company provider.
    pub asks_password: bool,
    /// Why the page is shown again.
    pub notice: Option<&'static str>,
}

impl SignInPage {
    /// The page as it is first shown.
    pub fn hint(email: String) -> Self {
        Self { status: 200, email, error: None, asks_password: false, notice: None }
    }

    /// The page with an error.
    pub fn error(status: u16, message: String) -> Self {
        Self { status, error: Some(message), ..Self::hint(String::new()) }
    }
}

impl Outcome {
    /// Redirects the browser to a URL.
    pub fn see_other(address: &str) -> Self {
        Self::Answer(Response::see_other(address))
    }

    /// Also sets these cookies.
    #[must_use]
    pub fn with_cookies(self, cookies: impl IntoIterator<Item = Cookie>) -> Self {
        Self::WithCookies(cookies.into_iter().collect(), Box::new(self))
    }
}

impl From<Response> for Outcome {
    fn from(response: Response) -> Self {
        Self::Answer(response)
    }
}
