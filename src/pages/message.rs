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
}

impl Page for ConfirmSignOut<'_> {
    fn title(&self) -> String {
        "Sign out?".to_owned()
    }
}

/// The page between this server and an app that nobody vouches for: a redirect that no user asked for
/// would lend it this server's good name (RFC 9700 §4.11.2).
#[derive(Template)]
#[template(path = "return_to_app.html")]
pub struct ReturnToApp<'a> {
    /// What happened.
    pub title: &'a str,
    /// What happened, and what to do.
    pub text: &'a str,
    /// Where the link leads; `None` if the answer travels as a form.
    pub address: Option<&'a str>,
    /// Where the form goes.
    pub redirect_uri: &'a str,
    /// What the form carries.
    pub pairs: &'a [(&'a str, &'a str)],
    /// The app, and where it is.
    pub who: WhoAsks<'a>,
}

impl Page for ReturnToApp<'_> {
    fn title(&self) -> String {
        self.title.to_owned()
    }
}
