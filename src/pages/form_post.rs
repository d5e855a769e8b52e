//! An authorization response that travels as a form (OAuth 2.0 Form Post Response Mode §2).

use askama::Template;

use super::Page;

/// The form.
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct FormPost<'a> {
    /// Where it goes.
    pub redirect_uri: &'a str,
    /// What it carries.
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
