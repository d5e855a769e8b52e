//! The consent page, and scopes in words.

use askama::Template;

use super::Page;
use super::who_asks::WhoAsks;
use crate::protocol::resource::Resources;
use crate::protocol::scope::{self, Scope};
use crate::protocol::text;

/// A scope in words that users understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLine {
    /// The scope value.
    pub token: String,
    /// What it allows, in words.
    pub words: String,
    /// Whether the user may decline it.
    pub optional: bool,
    /// Whether the box of an optional scope is ticked.
    pub is_ticked: bool,
}

impl ScopeLine {
    /// Describes each scope, in the operator's words if there are any.
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
    match (standard_words(token), token.strip_prefix(scope::CONNECTION)) {
        (Some(words), _) => words.to_owned(),
        (None, Some(provider)) => format!("Use the {provider} account that you have connected"),
        (None, None) => format!("Use “{token}”"),
    }
}

/// What a scope allows that every provider names alike (OpenID Connect Core §5.4 and §11); `None` for any other.
pub(super) fn standard_words(token: &str) -> Option<&'static str> {
    Some(match token {
        scope::OPENID => "Confirm your identity",
        scope::PROFILE => "See your name and the rest of your profile",
        scope::EMAIL => "See your email address",
        scope::ADDRESS => "See your postal address",
        scope::PHONE => "See your phone number",
        "groups" => "See which groups you are in",
        "roles" => "See which roles you have",
        scope::OFFLINE_ACCESS => "Keep access when you're not using the app",
        _ => return None,
    })
}

/// The consent page.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The sealed request that waits.
    pub flow: &'a str,
    /// The app that asks.
    pub who: WhoAsks<'a>,
    /// The user's email address or name.
    pub email: &'a str,
    /// The requested scopes.
    pub scopes: Vec<ScopeLine>,
    /// The scopes that the app requested and can't have; empty in production.
    pub left_out: &'a Scope,
    /// The display names of the resources where the app will use its access.
    pub resources: Vec<&'a str>,
}

impl Page for ConsentPage<'_> {
    fn title(&self) -> String {
        format!("{} asks for access", text::isolated(&self.who.name))
    }
}
