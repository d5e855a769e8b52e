//! What waits while a user signs in or consents: a sealed value in the URL or the form. Nothing is stored for a visitor
//! who never signs in.
//!
//! This is only data. `resume.rs` decides what follows once the user has signed in.

mod authorization;
mod connect;

pub use self::authorization::AuthorizationRequest;
pub use self::connect::ConnectRequest;

use serde::{Deserialize, Serialize};

use super::browser;
use super::failure::Failure;
use super::http::Request;
use super::server::Server;
use crate::domain::identity::{ClaimsUpdate, Identity, UpstreamSession};
use crate::domain::secret::SecretHash;
use crate::domain::time::Timestamp;
use crate::protocol::parameters;
use crate::tenant::Purpose;

/// What continues once the user has signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Interaction {
    /// An authorization request.
    Authorize(Box<AuthorizationRequest>),
    /// The decision on a device, by its user code.
    Device(String),
    /// The account page.
    Account,
    /// The page that asks whether to connect an outside account.
    Connect(Box<ConnectRequest>),
    /// A user of this account signs in again at a provider, to confirm a change. An identity of another
    /// account signs nobody in.
    Confirm {
        /// The account.
        account: String,
    },
    /// Link the user's identity at a provider, then continue with what waited before. The next user to sign in gives
    /// this identity access to their account, so the value is bound to the browser in which the identity was proven:
    /// opened in another browser, it links nothing.
    Link(Box<PendingLink>),
}

/// An identity that waits for the user to sign in to the account that it will be linked to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingLink {
    /// The provider's display name.
    pub provider_name: String,
    /// The user's identity there.
    pub identity: Identity,
    /// How and when the user authenticated there.
    #[serde(default)]
    pub session: UpstreamSession,
    /// Whether the account with this address never proved it, so that this user may take the address.
    #[serde(default)]
    pub is_unproven: bool,
    /// How the link changes the profile.
    pub update: ClaimsUpdate,
    /// What continues afterwards.
    pub next: Interaction,
    /// The hash of a value that only this browser has.
    pub browser: SecretHash,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    expires_at: Timestamp,
    interaction: Interaction,
}

fn unseal(server: &Server<'_>, value: &str) -> Option<Sealed> {
    let json = server.settings.sealer.open(Purpose::Interaction, value).ok()?;
    serde_json::from_slice(&json).ok()
}

impl Interaction {
    /// Seals the value, so that the browser can carry it.
    ///
    /// # Errors
    /// Internal errors only.
    pub fn seal(&self, server: &Server<'_>) -> Result<String, Failure> {
        // An app's request expires a fixed time after it arrived, however often a page renews the value.
        let since = self.authorization().map_or(server.now(), |request| request.started_at);
        let expires_at = since.plus(server.settings.lifetimes.interaction);
        let sealed = Sealed { expires_at, interaction: self.clone() };
        let json = serde_json::to_vec(&sealed).map_err(Failure::caused_by)?;
        server.seal(Purpose::Interaction, &json)
    }

    /// Opens what [`Interaction::seal`] made; no value means the account page. An expired interaction starts
    /// over, as if the app had sent the browser again.
    ///
    /// # Errors
    /// A page that asks to start again, if this server didn't make the value, or if it has expired and can't start
    /// over.
    pub fn open(
        server: &Server<'_>,
        request: &Request<'_>,
        value: Option<&str>,
    ) -> Result<Self, Failure> {
        let Some(value) = value else {
            return Ok(Self::Account);
        };
        let sealed = unseal(server, value).filter(|sealed| sealed.interaction.is_of(request));
        let interaction = sealed.and_then(|sealed| {
            if server.now() < sealed.expires_at {
                Some(sealed.interaction)
            } else {
                sealed.interaction.start_over(server.now())
            }
        });
        interaction.ok_or_else(|| {
            let message = "Go back to the app and start again.";
            Failure::page(400, "This page has expired", message)
        })
    }

    /// Whether the interaction in a form has expired, so that its page must be shown again.
    pub fn has_expired(server: &Server<'_>, value: Option<&str>) -> bool {
        let sealed = value.and_then(|value| unseal(server, value));
        sealed.is_some_and(|sealed| sealed.expires_at <= server.now())
    }

    /// The same request, as if it had just arrived. `None` for a pending link, because the sign-in at the provider was
    /// too long ago.
    fn start_over(self, now: Timestamp) -> Option<Self> {
        match self {
            Self::Authorize(mut request) => {
                request.started_at = now;
                request.account_selected = false;
                Some(Self::Authorize(request))
            }
            Self::Link(_) => None,
            other => Some(other),
        }
    }

    fn is_of(&self, request: &Request<'_>) -> bool {
        match self {
            Self::Link(pending) => browser::csrf_token(request)
                .is_some_and(|token| pending.browser.is(&SecretHash::of_text(&token))),
            _ => true,
        }
    }

    /// The app's request that waits, if there is one.
    pub fn authorization(&self) -> Option<&AuthorizationRequest> {
        match self {
            Self::Authorize(request) => Some(request),
            Self::Link(pending) => pending.next.authorization(),
            _ => None,
        }
    }

    /// Whether only a new sign-in may continue this, not an existing session.
    pub fn needs_fresh_sign_in(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Confirm { .. })
    }

    /// Records that the user has chosen the account to continue with.
    pub fn choose_account(&mut self) {
        match self {
            Self::Authorize(request) => request.account_selected = true,
            Self::Link(pending) => pending.next.choose_account(),
            _ => {}
        }
    }

    /// The URL of a page that continues the interaction.
    ///
    /// # Errors
    /// Internal errors only.
    pub fn address(&self, server: &Server<'_>, path: &str) -> Result<String, Failure> {
        if matches!(self, Self::Account) {
            return Ok(server.url(path));
        }
        let sealed = self.seal(server)?;
        Ok(format!("{}?{}", server.url(path), parameters::encode([("flow", sealed.as_str())])))
    }

    /// The redirect URI at which the interaction ends, for the content security policy of its pages.
    pub fn redirect_uri(&self) -> Option<&str> {
        self.authorization().map(|request| request.redirect_uri.as_str())
    }
}
