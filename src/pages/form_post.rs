//! An authorization response that is sent as a form (OAuth 2.0 Form Post Response Mode §2).

use askama::Template;

use super::Page;

/// The form.
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct FormPost<'a> {
    /// The redirect URI.
    pub redirect_uri: &'a str,
    /// The response parameters.
    pub pairs: &'a [(&'a str, &'a str)],
}

impl Page for FormPost<'_> {
    fn title(&self) -> String {
        "One moment".to_owned()
    }

    fn submits_itself(&self) -> bool {
        true
    }
}
