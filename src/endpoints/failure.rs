//! The failures of endpoints, and the one place that turns each into a response.

use std::error::Error;
use std::rc::Rc;

use super::http::Response;
use crate::domain::account::AccountError;
use crate::domain::grant::{PollError, PresentedError, RedeemError, RefreshError};
use crate::domain::time::Seconds;
use crate::ports::Unavailable;
use crate::protocol::client_metadata::ClientMetadataError;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::pkce::PkceError;
use crate::protocol::resource::ResourceError;
use crate::protocol::scope::ScopeSyntax;

/// Why an endpoint failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The client's request was wrong.
    #[error(transparent)]
    Caller(#[from] OAuthError),
    /// A grant refused to issue tokens, and recorded that itself.
    #[error(transparent)]
    Grant(OAuthError),
    /// Client authentication failed where the client used the `Authorization` header, or must use it: 401, which
    /// names the scheme (RFC 6749 §5.2, RFC 9110 §15.5.2). For a client that used the body, [`Failure::Caller`]
    /// is a 400, because a browser would ask its user for a password after a 401.
    #[error("client authentication failed")]
    ClientChallenge(OAuthError),
    /// A bearer token was refused (RFC 6750 §3).
    #[error("bearer token refused")]
    Bearer(OAuthError),
    /// No bearer token was sent, so the challenge names no error (RFC 6750 §3.1).
    #[error("bearer token missing")]
    NoBearer,
    /// The user is shown a page, because there is no client to send an error to.
    #[error("{title}")]
    Page {
        /// The HTTP status.
        status: u16,
        /// What happened, in a few words.
        title: &'static str,
        /// What to do next.
        message: String,
    },
    /// The session has ended: the response is a page with a link to the sign-in page.
    #[error("no user is signed in")]
    SignedOut,
    /// A form was out of date: the response is its page, rendered again.
    #[error("a form was out of date")]
    Redrawn(Box<Response>),
    /// Something outside the core failed, such as storage. It is logged, and the caller learns nothing else.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// An internal error: logged with its sources, and the caller is told nothing else.
    #[error("internal error")]
    Internal(#[source] Rc<dyn Error>),
}

impl Failure {
    /// An internal error.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Unavailable(Unavailable(what.into()))
    }

    /// An internal error with its cause.
    pub fn caused_by(error: impl Error + 'static) -> Self {
        Self::Internal(Rc::new(error))
    }

    /// The text for the log, with all sources; `None` for a failure that is not logged.
    pub fn logged(&self) -> Option<String> {
        let (mut text, mut source) = match self {
            Self::Unavailable(error) => (error.to_string(), error.source()),
            Self::Internal(error) => (error.to_string(), error.source()),
            _ => return None,
        };
        while let Some(error) = source {
            // Some errors include the text of their source.
            let cause = error.to_string();
            if !text.ends_with(&cause) {
                text = format!("{text}: {cause}");
            }
            source = error.source();
        }
        Some(text)
    }

    /// The page of a form that was out of date, rendered again.
    pub fn redrawn(page: Response) -> Self {
        Self::Redrawn(Box::new(page))
    }

    /// An error page for the user.
    pub fn page(status: u16, title: &'static str, message: impl Into<String>) -> Self {
        Self::Page { status, title, message: message.into() }
    }

    /// The error page for an unknown URL.
    pub fn no_such_page() -> Self {
        let message = "The address may be misspelled, or the link may be out of date.";
        Self::page(404, "Page not found", message)
    }

    /// The response for a client, in JSON.
    pub fn to_response(&self) -> Response {
        match self {
            Self::Caller(error) | Self::Grant(error) => Response::error(status(error.code), error),
            Self::ClientChallenge(error) => Response::error(401, error)
                .with("www-authenticate", "Basic realm=\"vestibule\", charset=\"UTF-8\""),
            Self::Bearer(error) => {
                let challenge = format!(
                    "Bearer realm=\"vestibule\", error=\"{}\", error_description=\"{}\"",
                    error.code.as_str(),
                    error.description
                );
                Response::error(status(error.code), error).with("www-authenticate", challenge)
            }
            Self::NoBearer => Response::empty(401)
                .with("www-authenticate", "Bearer realm=\"vestibule\"")
                .with("cache-control", "no-store"),
            Self::Page { status, message, .. } => {
                Response::error(*status, &OAuthError::invalid_request(message.clone()))
            }
            Self::SignedOut => {
                Response::error(403, &OAuthError::invalid_request("no user is signed in"))
            }
            Self::Redrawn(page) => (**page).clone(),
            Self::Unavailable(_) | Self::Internal(_) => {
                Response::error(500, &OAuthError::new(ErrorCode::ServerError, WENT_WRONG))
            }
        }
    }
}

/// The only thing that a caller learns about an internal error.
const WENT_WRONG: &str = "internal error; try again, or report the x-request-id";

/// The HTTP status of an error code (RFC 6749 §5.2, RFC 6750 §3.1).
fn status(code: ErrorCode) -> u16 {
    match code {
        ErrorCode::InvalidToken => 401,
        ErrorCode::InsufficientScope => 403,
        ErrorCode::ServerError => 500,
        ErrorCode::TemporarilyUnavailable => 503,
        _ => 400,
    }
}

impl From<RedeemError> for Failure {
    fn from(error: RedeemError) -> Self {
        let code = match error {
            RedeemError::Resource => ErrorCode::InvalidTarget,
            _ => ErrorCode::InvalidGrant,
        };
        Self::Grant(OAuthError::new(code, error.to_string()))
    }
}

impl From<RefreshError> for Failure {
    fn from(error: RefreshError) -> Self {
        let code = match error {
            RefreshError::Scope => ErrorCode::InvalidScope,
            RefreshError::Resource => ErrorCode::InvalidTarget,
            _ => ErrorCode::InvalidGrant,
        };
        Self::Grant(OAuthError::new(code, error.to_string()))
    }
}

impl From<PollError> for Failure {
    fn from(error: PollError) -> Self {
        let code = match error {
            PollError::AuthorizationPending => ErrorCode::AuthorizationPending,
            PollError::SlowDown => ErrorCode::SlowDown,
            PollError::AccessDenied => ErrorCode::AccessDenied,
            PollError::ExpiredToken => ErrorCode::ExpiredToken,
            _ => ErrorCode::InvalidGrant,
        };
        Self::Grant(OAuthError::new(code, error.to_string()))
    }
}

impl From<PresentedError> for Failure {
    fn from(error: PresentedError) -> Self {
        Self::Caller(OAuthError::new(ErrorCode::InvalidGrant, error.to_string()))
    }
}

impl From<ScopeSyntax> for Failure {
    fn from(error: ScopeSyntax) -> Self {
        Self::Caller(OAuthError::new(ErrorCode::InvalidScope, error.to_string()))
    }
}

impl From<ResourceError> for Failure {
    fn from(error: ResourceError) -> Self {
        Self::Caller(OAuthError::new(ErrorCode::InvalidTarget, error.to_string()))
    }
}

impl From<PkceError> for Failure {
    fn from(error: PkceError) -> Self {
        Self::Caller(OAuthError::invalid_request(error.to_string()))
    }
}

impl From<ClientMetadataError> for Failure {
    fn from(error: ClientMetadataError) -> Self {
        let code = match error {
            ClientMetadataError::RedirectUri(_) | ClientMetadataError::NoRedirectUri => {
                ErrorCode::InvalidRedirectUri
            }
            _ => ErrorCode::InvalidClientMetadata,
        };
        Self::Caller(OAuthError::new(code, error.to_string()))
    }
}

/// A waiting time in words for a page: in seconds up to 90, then in minutes, rounded up.
pub(super) fn in_words(Seconds(seconds): Seconds) -> String {
    match seconds {
        0..=9 => "a few seconds".to_owned(),
        10..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

impl<E: AccountError> From<E> for Failure {
    fn from(error: E) -> Self {
        if error.is_signed_out() {
            return Self::SignedOut;
        }
        Self::caused_by(error)
    }
}
