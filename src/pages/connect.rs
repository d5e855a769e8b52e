//! Connecting an outside account.

use askama::Template;

use super::Page;
use super::who_asks::WhoAsks;

/// The page that asks whether to connect.
#[derive(Template)]
#[template(path = "connect.html")]
pub struct Connect<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// What waits.
    pub flow: &'a str,
    /// The provider, in addresses.
    pub provider: &'a str,
    /// The provider, for people.
    pub name: &'a str,
    /// The app that asks; `None` if the user came from the account page.
    pub who: Option<WhoAsks<'a>>,
    /// Who is asked.
    pub label: &'a str,
    /// What is asked for there, in the provider's own words.
    pub scopes: Vec<String>,
}

impl Page for Connect<'_> {
    fn title(&self) -> String {
        format!("Connect your {} account", self.name)
    }
}
