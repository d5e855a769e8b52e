//! The page that asks whether to connect an outside account.

use askama::Template;

use super::Page;
use super::consent::standard_words;
use super::who_asks::WhoAsks;

/// The page.
#[derive(Template)]
#[template(path = "connect.html")]
pub struct Connect<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The sealed interaction that waits.
    pub flow: &'a str,
    /// The provider's `id`.
    pub provider: &'a str,
    /// The provider's display name.
    pub name: &'a str,
    /// The app that asks; `None` if the user came from the account page.
    pub who: Option<WhoAsks<'a>>,
    /// The user's email address or name.
    pub label: &'a str,
    /// The requested scopes, as the provider calls them.
    pub scopes: Vec<String>,
}

impl Connect<'_> {
    /// What a scope allows, if every provider means the same by it.
    fn words(&self, scope: &str) -> Option<&'static str> {
        standard_words(scope)
    }
}

impl Page for Connect<'_> {
    fn title(&self) -> String {
        format!("Connect your {} account", self.name)
    }
}
