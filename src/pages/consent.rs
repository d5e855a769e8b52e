//! What a client asks for, in words.

use askama::Template;

use super::Page;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::scope::{self, Scope};

/// One scope, in words that a person understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLine {
    /// In words.
    pub words: String,
}

impl ScopeLine {
    /// Each scope in words; those that say nothing to a person are left out.
    pub fn of(scope: &Scope) -> Vec<Self> {
        let words = |token: &str| match token {
            scope::OPENID => "Know that it is you when you sign in".to_owned(),
            scope::PROFILE => "See your name and the rest of your profile".to_owned(),
            scope::EMAIL => "See your e-mail address".to_owned(),
            scope::ADDRESS => "See your postal address".to_owned(),
            scope::PHONE => "See your telephone number".to_owned(),
            "groups" => "See which groups you are in".to_owned(),
            "roles" => "See which roles you have".to_owned(),
            scope::OFFLINE_ACCESS => "Keep this access while you are away".to_owned(),
            other => match other.strip_prefix(scope::CONNECTION) {
                Some(provider) => format!("Use the {provider} account that you have connected"),
                None => format!("Use “{other}”"),
            },
        };
        scope.iter().map(|token| Self { words: words(token) }).collect()
    }
}

/// The consent page.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct Consent<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// The request that waits.
    pub flow: &'a str,
    /// Who asks.
    pub client_name: &'a str,
    /// What else is known of who asks.
    pub metadata: &'a ClientMetadata,
    /// Who is asked.
    pub email: &'a str,
    /// What is asked for.
    pub scopes: Vec<ScopeLine>,
    /// Where it will be used.
    pub resources: &'a [String],
    /// Where the person is sent after.
    pub redirect_host: &'a str,
}

impl Page for Consent<'_> {
    fn title(&self) -> String {
        format!("{} asks for access", self.client_name)
    }
}
