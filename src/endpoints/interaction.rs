//! What waits while a person signs in or consents: a sealed value in the address or the form.
//! Nothing is written for a visitor who never signs in.

use serde::{Deserialize, Serialize};

use super::authorize::request::AuthorizationRequest;
use super::failure::Failure;
use super::http::Response;
use super::server::Server;
use super::{authorize, browser::ClaimedSession};
use crate::domain::time::Timestamp;
use crate::jose::seal::Purpose;
use crate::protocol::parameters;
use crate::protocol::user_code::UserCode;

/// What goes on once the person has signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Interaction {
    /// An authorization request.
    Authorize(Box<AuthorizationRequest>),
    /// The decision on a device.
    Device(String),
    /// The account page.
    Account,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    expires_at: Timestamp,
    interaction: Interaction,
}

impl Interaction {
    /// Seals it, to be carried by the browser.
    ///
    /// # Errors
    /// Only what is ours.
    pub fn seal(&self, server: &Server<'_>) -> Result<String, Failure> {
        let expires_at = server.now().plus(server.settings.lifetimes.interaction);
        let sealed = Sealed { expires_at, interaction: self.clone() };
        let json = serde_json::to_vec(&sealed).map_err(|e| Failure::internal(e.to_string()))?;
        server.seal(Purpose::Interaction, &json)
    }

    /// Opens what [`Interaction::seal`] made; no value means the account page.
    ///
    /// # Errors
    /// A page that says to begin again, for a value that is stale or not this server's.
    pub fn open(server: &Server<'_>, value: Option<&str>) -> Result<Self, Failure> {
        let Some(value) = value else {
            return Ok(Self::Account);
        };
        let sealed: Option<Sealed> = server
            .settings
            .sealer
            .open(Purpose::Interaction, value)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok());
        match sealed {
            Some(sealed) if server.now() < sealed.expires_at => Ok(sealed.interaction),
            _ => Err(Failure::page(
                400,
                "This page has expired",
                "Go back to the app that you came from and begin again.",
            )),
        }
    }

    /// The address of a page that carries the interaction on.
    ///
    /// # Errors
    /// Only what is ours.
    pub fn address(&self, server: &Server<'_>, path: &str) -> Result<String, Failure> {
        if matches!(self, Self::Account) {
            return Ok(server.url(path));
        }
        let sealed = self.seal(server)?;
        Ok(format!("{}?{}", server.url(path), parameters::encode([("flow", sealed.as_str())])))
    }

    /// Where the end of this leads, for the policy of its pages.
    pub fn redirect_uri(&self) -> Option<&str> {
        match self {
            Self::Authorize(request) => Some(&request.redirect_uri),
            Self::Device(_) | Self::Account => None,
        }
    }

    /// Goes on, now that the person has signed in.
    ///
    /// # Errors
    /// Whatever going on comes to.
    pub async fn resume(
        self,
        server: &Server<'_>,
        session: ClaimedSession,
    ) -> Result<Response, Failure> {
        match self {
            Self::Authorize(authorization) => {
                authorize::decide(server, *authorization, Some(session)).await
            }
            Self::Device(user_code) => {
                let code = UserCode::parse(&user_code).map(|code| code.to_string());
                let query = code.map(|code| format!("?user_code={code}")).unwrap_or_default();
                Ok(Response::see_other(&server.url(&format!("/device{query}"))))
            }
            Self::Account => Ok(Response::see_other(&server.url("/account"))),
        }
    }
}
