//! The developers' page, on which users register their apps.

use askama::Template;

use super::Page;

/// An app in the list.
pub struct AppLine {
    /// Its `client_id`.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Whether the operator has verified it.
    pub verified: bool,
}

/// The fields of an app's form.
#[derive(Default)]
pub struct AppFields {
    /// Its name.
    pub name: String,
    /// Its redirect URIs, one on each line.
    pub redirect_uris: String,
    /// Its scopes, separated by spaces.
    pub scope: String,
    /// The URL of its logo.
    pub logo_uri: String,
    /// The URL of its privacy policy.
    pub policy_uri: String,
    /// The URL of its terms of service.
    pub tos_uri: String,
}

/// The list of apps, and the form for a new one.
#[derive(Template)]
#[template(path = "developers.html")]
pub struct Developers<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The apps.
    pub apps: Vec<AppLine>,
    /// The form's values.
    pub fields: AppFields,
    /// Whether the form describes a confidential client.
    pub confidential: bool,
    /// What was done.
    pub notice: Option<&'a str>,
    /// The error, for the user.
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

/// The page of an app.
#[derive(Template)]
#[template(path = "developer_app.html")]
pub struct DeveloperApp<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// Its `client_id`.
    pub client_id: &'a str,
    /// The form's values.
    pub fields: AppFields,
    /// The entry that the operator adds to `VERIFIED_CLIENTS` to verify the app in its current form; `None` if it is
    /// verified.
    pub verify_with: Option<String>,
    /// Whether it is a confidential client.
    pub confidential: bool,
    /// Whether an older secret still works.
    pub has_older_secret: bool,
    /// The fingerprint of the secrets that the page shows.
    pub secrets: String,
    /// The fingerprint of the metadata that the page shows.
    pub metadata: String,
    /// A new secret, which is shown only once.
    pub secret: Option<&'a str>,
    /// The URL of this server's metadata.
    pub discovery: &'a str,
    /// What was done.
    pub notice: Option<&'a str>,
    /// The error, for the user.
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
