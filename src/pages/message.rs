//! Pages that say one thing: done, wrong, signed out.

use askama::Template;

use super::Page;
use super::who_asks::WhoAsks;

/// One thing, and perhaps a way on.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message<'a> {
    /// What happened.
    pub title: &'a str,
    /// What to do next.
    pub text: &'a str,
    /// Where: words and address.
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
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// Who is signed in.
    pub email: &'a str,
    /// The app's request, carried on.
    pub pairs: &'a [(&'a str, &'a str)],
    /// The app that asks, if the answer leads back to it.
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
    /// The URL of the link to the app; `None` if the answer is a form (`response_mode=form_post`).
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
