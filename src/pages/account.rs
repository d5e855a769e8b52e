//! The account page.

use askama::Template;

use super::Page;
use super::consent::ScopeLine;
use crate::protocol::claims::StandardClaims;

/// A signed-in browser.
pub struct SessionLine<'a> {
    /// The session's number within the account.
    pub number: u32,
    /// A short name for the browser, such as "Firefox on Linux".
    pub browser: &'a str,
    /// Where the browser was when it signed in.
    pub place: Option<&'a str>,
    /// Whether it is the browser that shows the page.
    pub is_this: bool,
    /// When the session started, in words.
    pub ago: String,
}

/// An app that has access.
pub struct AppLine {
    /// Its `client_id`.
    pub client_id: String,
    /// Its display name.
    pub name: String,
    /// The scopes that it was granted.
    pub scopes: Vec<ScopeLine>,
    /// When it got access, in words.
    pub ago: String,
}

/// The user's identity at another provider.
pub struct IdentityLine {
    /// The key by which a form names it.
    pub key: String,
    /// The provider's display name.
    pub provider: String,
    /// The user's display name there.
    pub label: String,
    /// When it was last used, in words.
    pub ago: String,
}

/// A connected outside account.
pub struct ConnectionLine {
    /// The provider's `id` in the settings.
    pub provider: String,
    /// The provider's display name.
    pub name: String,
    /// The `client_id` of the app that it belongs to; empty if it is for every app that the user allows.
    pub client_id: String,
    /// That app's display name.
    pub app: Option<String>,
    /// The account's display name there; `None` if connecting was interrupted.
    pub label: Option<String>,
    /// Why it stopped working.
    pub broken: Option<String>,
}

/// What the account page shows in the place of the password form.
pub enum PasswordSection {
    /// The user signs in at this company provider, so there is no password to set.
    Company(String),
    /// The form.
    Form,
    /// The user must sign in again first: the provider's name, and the URL that does it.
    SignInAgain(String, String),
    /// The user can't set a password, because this provider can't confirm that it is the user.
    Impossible(String),
}

impl PasswordSection {
    fn is_company(&self) -> bool {
        matches!(self, Self::Company(_))
    }
}

/// The account page.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The user's email address or name.
    pub label: &'a str,
    /// The email address with which the user can sign in.
    pub email: Option<&'a str>,
    /// Whether the account has a password.
    pub has_password: bool,
    /// The linked identities.
    pub identities: Vec<IdentityLine>,
    /// The providers that may be linked: `id` and display name.
    pub linkable: Vec<(String, String)>,
    /// The connected outside accounts.
    pub connections: Vec<ConnectionLine>,
    /// The address that this account lost because another user proved that it is theirs.
    pub address_lost: Option<&'a str>,
    /// Providers to which the user can make an account-wide connection: `id` and display name.
    pub connectable: Vec<(String, String)>,
    /// The providers that claims came from: display name, and a list of claims.
    pub sources: Vec<(String, String)>,
    /// How the password is set or changed.
    pub password: PasswordSection,
    /// Whether the box that keeps apps signed in is ticked.
    pub keeps_apps: bool,
    /// Whether to remind the user to check what else can sign in.
    pub offers_check: bool,
    /// The user's profile.
    pub claims: &'a StandardClaims,
    /// The signed-in browsers.
    pub sessions: Vec<SessionLine<'a>>,
    /// The apps that have access.
    pub apps: Vec<AppLine>,
    /// Whether the user may register apps.
    pub is_developer: bool,
    /// What was done.
    pub notice: Option<&'a str>,
    /// The error, for the user.
    pub error: Option<&'a str>,
}

impl AccountPage<'_> {
    fn value<'v>(&self, claim: &'v Option<String>) -> &'v str {
        claim.as_deref().unwrap_or_default()
    }
}

impl Page for AccountPage<'_> {
    fn title(&self) -> String {
        "Your account".to_owned()
    }

    fn is_wide(&self) -> bool {
        true
    }
}

/// The page that asks for confirmation before the account is deleted.
#[derive(Template)]
#[template(path = "delete_account.html")]
pub struct DeleteAccount<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The user's email address or name.
    pub label: &'a str,
    /// Whether to ask for the password.
    pub has_password: bool,
    /// The error, for the user.
    pub error: Option<&'a str>,
}

impl Page for DeleteAccount<'_> {
    fn title(&self) -> String {
        "Delete your account?".to_owned()
    }
}

/// The page that asks a user to confirm a change of how they sign in.
#[derive(Template)]
#[template(path = "confirm_identity.html")]
pub struct ConfirmIdentity<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The path of the request that needs the confirmation.
    pub action: &'a str,
    /// What the request changes, as a sentence.
    pub reason: &'a str,
    /// The form fields of that request, which this form sends again.
    pub fields: Vec<(&'a str, &'a str)>,
    /// The account's email address, for password managers.
    pub email: &'a str,
    /// Whether to ask for the password.
    pub has_password: bool,
    /// The linked providers that can authenticate the user again: display name and URL.
    pub providers: Vec<(String, String)>,
    /// The display name of a linked provider that can't confirm that it is the user.
    pub cannot_confirm: Option<&'a str>,
    /// The name of the service.
    pub brand: &'a str,
    /// The URL of the page that the user came from.
    pub back: &'a str,
    /// The error, for the user.
    pub error: Option<String>,
}

impl Page for ConfirmIdentity<'_> {
    fn title(&self) -> String {
        "Confirm it's you".to_owned()
    }
}
