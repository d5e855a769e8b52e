//! The account page.

use askama::Template;

use super::Page;
use super::consent::ScopeLine;
use crate::protocol::claims::StandardClaims;

/// A signed-in browser.
pub struct SessionLine<'a> {
    /// Its number.
    pub number: u32,
    /// In a few words.
    pub browser: &'a str,
    /// Where.
    pub place: Option<&'a str>,
    /// Whether it is this one.
    pub is_this: bool,
    /// Since when.
    pub ago: String,
}

/// An app with access.
pub struct AppLine {
    /// Its identifier.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<ScopeLine>,
    /// Since when.
    pub ago: String,
}

/// Who the person is at another provider.
pub struct IdentityLine {
    /// Its key.
    pub key: String,
    /// The provider's name.
    pub provider: String,
    /// The person's name there.
    pub label: String,
    /// When it was last used.
    pub ago: String,
}

/// An outside account that is connected.
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

/// What the account page has where the password is set.
pub enum PasswordSection {
    /// The company of the user's address signs them in, at this provider, so there is no password to set.
    Company(String),
    /// The form.
    Form,
    /// First the user signs in again: the provider, and the address that does it.
    SignInAgain(String, String),
    /// Nothing confirms that it is the user: the provider that can't.
    Impossible(String),
}

impl PasswordSection {
    fn is_company(&self) -> bool {
        matches!(self, Self::Company(_))
    }
}

/// The page.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// Closes the forms to other sites.
    pub csrf: &'a str,
    /// How the person is called.
    pub label: &'a str,
    /// With which the person signs in.
    pub email: Option<&'a str>,
    /// Whether there is a password.
    pub has_password: bool,
    /// Linked identities.
    pub identities: Vec<IdentityLine>,
    /// Providers that may be linked: identifier and name.
    pub linkable: Vec<(String, String)>,
    /// Outside accounts that are connected.
    pub connections: Vec<ConnectionLine>,
    /// The address that this account lost because someone else proved that it is theirs.
    pub address_lost: Option<&'a str>,
    /// Providers to which the user can make an account-wide connection: `id` and display name.
    pub connectable: Vec<(String, String)>,
    /// Providers, and what came from each.
    pub sources: Vec<(String, String)>,
    /// How the password is set.
    pub password: PasswordSection,
    /// Whether the box that keeps apps signed in is ticked.
    pub keeps_apps: bool,
    /// Whether to remind the user of what else signs in.
    pub offers_check: bool,
    /// What is known of the person.
    pub claims: &'a StandardClaims,
    /// Signed-in browsers.
    pub sessions: Vec<SessionLine<'a>>,
    /// Apps with access.
    pub apps: Vec<AppLine>,
    /// Whether the person may register apps.
    pub is_developer: bool,
    /// What was done.
    pub notice: Option<&'a str>,
    /// What was wrong.
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

/// The page that asks for the password before the account is erased.
#[derive(Template)]
#[template(path = "delete_account.html")]
pub struct DeleteAccount<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// The account: its e-mail address or name.
    pub label: &'a str,
    /// Whether there is a password to ask for.
    pub has_password: bool,
    /// What was wrong.
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
    /// The address of the account, for password managers.
    pub email: &'a str,
    /// Whether there is a password to ask for.
    pub has_password: bool,
    /// Linked providers that can be asked to authenticate the user again: name and address.
    pub providers: Vec<(String, String)>,
    /// A linked provider that can't be asked.
    pub cannot_confirm: Option<&'a str>,
    /// The name of the service.
    pub brand: &'a str,
    /// Where the user came from.
    pub back: &'a str,
    /// What was wrong.
    pub error: Option<String>,
}

impl Page for ConfirmIdentity<'_> {
    fn title(&self) -> String {
        "Confirm it's you".to_owned()
    }
}
