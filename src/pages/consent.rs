//! What a client asks for, in words.

use askama::Template;

use super::Page;
use super::who_asks::WhoAsks;
use crate::protocol::resource::Resources;
use crate::protocol::scope::{self, Scope};
use crate::protocol::text;

/// One scope, in words that a person understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLine {
    /// The scope.
    pub token: String,
    /// In words.
    pub words: String,
    /// Whether the person may leave it out.
    pub optional: bool,
    /// Whether the box of an optional scope is ticked.
    pub is_ticked: bool,
}

impl ScopeLine {
    /// Each scope in words: the operator's own where there are any.
    pub fn of(scope: &Scope, resources: &Resources) -> Vec<Self> {
        let line = |token: &str| {
            let known = resources.words(token);
            Self {
                token: token.to_owned(),
                words: known.map_or_else(|| standard(token), |known| known.words.clone()),
                optional: known.is_some_and(|known| known.optional),
                is_ticked: true,
            }
        };
        scope.iter().map(line).collect()
    }
}

fn standard(token: &str) -> String {
    match token {
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
    /// The app that asks.
    pub who: WhoAsks<'a>,
    /// Who is asked.
    pub email: &'a str,
    /// What is asked for.
    pub scopes: Vec<ScopeLine>,
    /// The scopes that the app requested and can't have; empty in production.
    pub left_out: &'a Scope,
    /// Where it will be used.
    pub resources: Vec<&'a str>,
}

impl Page for Consent<'_> {
    fn title(&self) -> String {
        format!("{} asks for access", text::isolated(&self.who.name))
    }
}
