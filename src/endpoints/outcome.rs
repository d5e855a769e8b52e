//! What an endpoint comes to, as data: an answer, or what happens next.
//!
//! Endpoints don't call what comes after them. They return it, and `resume.rs`, above them all, carries it out. So a
//! new way to sign in ends in an [`Outcome`], and a new thing that may wait for a sign-in is an [`Interaction`];
//! neither has to know the other.

use super::browser::ClaimedSession;
use super::http::{Cookie, Response};
use super::interaction::Interaction;

/// What an endpoint comes to.
pub enum Outcome {
    /// The answer.
    Answer(Response),
    /// Go on with what waited, in the session that this browser has.
    Resume(Interaction, ClaimedSession),
    /// Show the sign-in page; what waits goes on waiting.
    ShowSignIn(Interaction, SignInPage),
    /// Show the account page with a status and what was wrong, for the user.
    ShowAccount(u16, String),
    /// Carry out the inner outcome, and set cookies with its answer.
    WithCookies(Vec<Cookie>, Box<Outcome>),
}

/// What the sign-in page shows.
#[derive(Clone, Debug)]
pub struct SignInPage {
    /// The status.
    pub status: u16,
    /// The address that was typed or hinted.
    pub email: String,
    /// What was wrong.
    pub error: Option<String>,
    /// Whether the address was asked for, and led to no company: now the password is.
    pub asks_password: bool,
    /// Why the page is shown again.
    pub notice: Option<&'static str>,
}

impl SignInPage {
    /// The page at first.
    pub fn hint(email: String) -> Self {
        Self { status: 200, email, error: None, asks_password: false, notice: None }
    }

    /// The page with what was wrong.
    pub fn error(status: u16, message: String) -> Self {
        Self { status, error: Some(message), ..Self::hint(String::new()) }
    }
}

impl Outcome {
    /// Sends the browser to an address.
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
