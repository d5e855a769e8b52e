//! The sign-in and sign-up pages, and the pages that belong to them.

use askama::Template;

use super::Page;

/// The sign-in page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The sealed interaction that waits; empty for the account page.
    pub flow: &'a str,
    /// The URL of the sign-up page, if sign-up is open.
    pub sign_up: Option<String>,
    /// The email address that the user typed or the client hinted.
    pub email: &'a str,
    /// The error, for the user.
    pub error: Option<String>,
    /// Whether to ask for the password too, or only for the email address.
    pub asks_password: bool,
    /// The providers that the user may choose.
    pub providers: Vec<ProviderLink>,
    /// The identity that the sign-in will link: the provider's name, and the user's name there.
    pub link: Option<(&'a str, &'a str)>,
    /// Whether the account that has the address never proved it, so that the user may say that the account
    /// isn't theirs.
    pub takes_address: bool,
}

/// A provider that the user may choose.
#[derive(Clone, Debug)]
pub struct ProviderLink {
    /// Its name.
    pub name: String,
    /// The URL that starts the sign-in there.
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
    /// The CSRF token.
    pub csrf: &'a str,
    /// The sealed interaction that waits; empty for the account page.
    pub flow: &'a str,
    /// The URL of the sign-in page.
    pub sign_in: &'a str,
    /// The name that the user typed.
    pub name: &'a str,
    /// The email address that the user typed.
    pub email: &'a str,
    /// The error, for the user.
    pub error: Option<String>,
    /// The providers that the user may choose.
    pub providers: Vec<ProviderLink>,
}

impl Page for SignUp<'_> {
    fn title(&self) -> String {
        "Create your account".to_owned()
    }
}

/// The page that asks which account to continue with.
#[derive(Template)]
#[template(path = "select_account.html")]
pub struct SelectAccount<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The sealed interaction that waits; empty for the account page.
    pub flow: &'a str,
    /// The email address or name of the signed-in user.
    pub email: &'a str,
    /// The URL at which to sign in to another account.
    pub other: &'a str,
}

impl Page for SelectAccount<'_> {
    fn title(&self) -> String {
        "Choose an account".to_owned()
    }
}

/// The page that asks whether to create a new account, and leave the one that has the address to the person who created
/// it.
#[derive(Template)]
#[template(path = "start_over.html")]
pub struct StartOver<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The sealed interaction that waits.
    pub flow: &'a str,
    /// The email address.
    pub email: &'a str,
    /// The URL for signing in to the existing account instead.
    pub back: &'a str,
}

impl Page for StartOver<'_> {
    fn title(&self) -> String {
        "Start a new account?".to_owned()
    }
}
