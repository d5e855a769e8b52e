//! The developers' page, on which users register their apps.

use askama::Template;

use super::Page;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::grant_type::GrantType;

/// Where an app runs. It decides how the app authenticates and which grants it may use, and can't be changed later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppKind {
    /// On a server: a confidential client.
    #[default]
    Server,
    /// In a browser, on a phone or on a computer: a public client.
    Local,
    /// On a TV or in a terminal: a public client that uses only the device grant (RFC 8628).
    Device,
}

impl AppKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Server, Self::Local, Self::Device];

    /// The value of the form's field `kind`.
    pub fn value(self) -> &'static str {
        match self {
            Self::Server => "confidential",
            Self::Local => "public",
            Self::Device => "device",
        }
    }

    /// Reads the form's field `kind`. An unknown value counts as the form's default.
    pub fn parse(value: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|kind| value == Some(kind.value())).unwrap_or_default()
    }

    /// The kind of an app that was registered on this page.
    pub fn of(metadata: &ClientMetadata) -> Self {
        let may_use = |grant_type| metadata.grant_types.contains(&grant_type);
        if may_use(GrantType::DeviceCode) && !may_use(GrantType::AuthorizationCode) {
            Self::Device
        } else if metadata.is_public() {
            Self::Local
        } else {
            Self::Server
        }
    }

    /// Whether the app has secrets.
    pub fn is_confidential(self) -> bool {
        self == Self::Server
    }

    /// Whether the app receives authorization responses, and so needs a redirect URI.
    pub fn is_redirected_to(self) -> bool {
        self != Self::Device
    }

    /// Where the app runs, for its developer.
    pub fn words(self) -> &'static str {
        match self {
            Self::Server => "On a server, where it can keep a secret",
            Self::Local => {
                "In a browser, on a phone or on a computer, where it can't keep a secret"
            }
            Self::Device => {
                "On a TV or in a terminal: users enter a code on their phone or computer"
            }
        }
    }
}

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
    /// Where it runs.
    pub kind: AppKind,
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

/// The page that asks for confirmation before an app is deleted.
#[derive(Template)]
#[template(path = "delete_app.html")]
pub struct DeleteApp<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The app's client ID.
    pub client_id: &'a str,
    /// The app's name.
    pub name: &'a str,
}

impl Page for DeleteApp<'_> {
    fn title(&self) -> String {
        "Delete the app?".to_owned()
    }
}
