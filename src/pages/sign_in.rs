//! Signing in and signing up.

use askama::Template;

use super::Page;

/// The sign-in page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// What goes on after.
    pub flow: &'a str,
    /// Where to register, where people may.
    pub sign_up: Option<String>,
    /// What was typed, or hinted.
    pub email: &'a str,
    /// What was wrong.
    pub error: Option<String>,
    /// Whether the password is asked for, or the address alone.
    pub asks_password: bool,
    /// Other ways in.
    pub providers: Vec<ProviderLink>,
    /// The provider and the name there that shall be linked to the account.
    pub link: Option<(&'a str, &'a str)>,
    /// Whether the account that has the address never proved it, so that the user may say that the account
    /// isn't theirs.
    pub takes_address: bool,
}

/// A provider that the person may choose.
#[derive(Clone, Debug)]
pub struct ProviderLink {
    /// Its name.
    pub name: String,
    /// The way there.
    pub address: String,
}

impl Page for SignIn<'_> {
    fn title(&self) -> String {
        match self.link {
            Some((provider, _)) => format!("Link your {provider} account"),
            None => "Sign in".to_owned(),
        }
    }
}

/// The sign-up page.
#[derive(Template)]
#[template(path = "sign_up.html")]
pub struct SignUp<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// What goes on after.
    pub flow: &'a str,
    /// Where to sign in instead.
    pub sign_in: &'a str,
    /// What was typed.
    pub name: &'a str,
    /// What was typed.
    pub email: &'a str,
    /// What was wrong.
    pub error: Option<String>,
    /// Other ways in.
    pub providers: Vec<ProviderLink>,
}

impl Page for SignUp<'_> {
    fn title(&self) -> String {
        "Create your account".to_owned()
    }
}

/// The page that asks which account to go on with.
#[derive(Template)]
#[template(path = "select_account.html")]
pub struct SelectAccount<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// What goes on after.
    pub flow: &'a str,
    /// Who is signed in.
    pub email: &'a str,
    /// Where to sign in as someone else.
    pub other: &'a str,
}

impl Page for SelectAccount<'_> {
    fn title(&self) -> String {
        "Choose an account".to_owned()
    }
}

/// The page that asks whether to start a new account, and leave the one with the address to whoever made
/// it.
#[derive(Template)]
#[template(path = "start_over.html")]
pub struct StartOver<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// What goes on after.
    pub flow: &'a str,
    /// The address.
    pub email: &'a str,
    /// Back to signing in to the account.
    pub back: &'a str,
}

impl Page for StartOver<'_> {
    fn title(&self) -> String {
        "Start a new account?".to_owned()
    }
}
