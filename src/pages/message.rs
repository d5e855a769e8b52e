//! Pages with a single message, such as an error or a confirmation.

use askama::Template;

use super::Page;
use super::who_asks::WhoAsks;

/// A message and an optional link.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message<'a> {
    /// What happened.
    pub title: &'a str,
    /// What to do next.
    pub text: &'a str,
    /// The link: text and URL.
    pub link: Option<(&'a str, &'a str)>,
}

impl Page for Message<'_> {
    fn title(&self) -> String {
        self.title.to_owned()
    }
}

/// The page that asks whether to sign out.
#[derive(Template)]
#[template(path = "confirm_sign_out.html")]
pub struct ConfirmSignOut<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The email address or name of the signed-in user.
    pub email: &'a str,
    /// The parameters of the app's request, which the form sends again.
    pub pairs: &'a [(&'a str, &'a str)],
    /// The app that asks, if the user returns to it afterwards.
    pub who: Option<WhoAsks<'a>>,
}

impl Page for ConfirmSignOut<'_> {
    fn title(&self) -> String {
        "Sign out?".to_owned()
    }
}

/// The page shown instead of a redirect to an unverified app, which would make this server an open
/// redirector (RFC 9700 §4.11.2).
#[derive(Template)]
#[template(path = "return_to_app.html")]
pub struct ReturnToApp<'a> {
    /// The title: what happened.
    pub title: &'a str,
    /// The first sentence: what happened, in more detail.
    pub text: &'a str,
    /// The URL of the link to the app; `None` if the response is a form (`response_mode=form_post`).
    pub address: Option<&'a str>,
    /// The URI to which the form is sent.
    pub redirect_uri: &'a str,
    /// The names and values of the form's fields.
    pub pairs: &'a [(&'a str, &'a str)],
    /// The app.
    pub who: WhoAsks<'a>,
}

impl Page for ReturnToApp<'_> {
    fn title(&self) -> String {
        self.title.to_owned()
    }
}
