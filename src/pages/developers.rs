//! The developers' page: apps that a person registers.

use askama::Template;

use super::Page;

/// An app in the list.
pub struct AppLine {
    /// Its `client_id`.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Whether the operator vouches for it.
    pub verified: bool,
}

/// What a form about an app holds.
#[derive(Default)]
pub struct AppFields {
    /// Its name.
    pub name: String,
    /// Its redirect URIs, one on each line.
    pub redirect_uris: String,
    /// Its scopes, separated by spaces.
    pub scope: String,
    /// Addresses that people are shown.
    pub logo_uri: String,
    /// Addresses that people are shown.
    pub policy_uri: String,
    /// Addresses that people are shown.
    pub tos_uri: String,
}

/// The list, and the form for a new app.
#[derive(Template)]
#[template(path = "developers.html")]
pub struct Developers<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// The apps.
    pub apps: Vec<AppLine>,
    /// The form.
    pub fields: AppFields,
    /// Whether the app of the form keeps a secret.
    pub confidential: bool,
    /// What was done.
    pub notice: Option<&'a str>,
    /// What was wrong.
    pub error: Option<&'a str>,
}

impl Page for Developers<'_> {
    fn title(&self) -> String {
        "Your apps".to_owned()
    }

    fn is_wide(&self) -> bool {
        true
    }
}

/// One app.
#[derive(Template)]
#[template(path = "developer_app.html")]
pub struct DeveloperApp<'a> {
    /// Closes the forms to other sites.
    pub csrf: &'a str,
    /// Its `client_id`.
    pub client_id: &'a str,
    /// The form.
    pub fields: AppFields,
    /// The entry that the operator adds to `VERIFIED_CLIENTS` to verify the app as it is now; `None` if
    /// it is verified.
    pub verify_with: Option<String>,
    /// Whether it keeps a secret.
    pub confidential: bool,
    /// Whether an older secret is still good.
    pub has_older_secret: bool,
    /// The secrets that the page is about, as a fingerprint.
    pub secrets: String,
    /// The metadata that the page shows, as a fingerprint.
    pub metadata: String,
    /// A secret that was just made, and is shown once.
    pub secret: Option<&'a str>,
    /// Where its metadata is found.
    pub discovery: &'a str,
    /// What was done.
    pub notice: Option<&'a str>,
    /// What was wrong.
    pub error: Option<&'a str>,
}

impl Page for DeveloperApp<'_> {
    fn title(&self) -> String {
        self.fields.name.clone()
    }

    fn is_wide(&self) -> bool {
        true
    }
}
