//! Reads a provider's authorization response (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode) and redeems
//! its code.

use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::login::{Intent, UpstreamLogin};
use crate::endpoints::upstream::redirect_uri;
use crate::jose::upstream_id_token::{IdTokenError, TENANT, issuer_matches};
use crate::protocol::parameters::{ParameterError, Parameters};
use crate::tenant::Purpose;
use crate::upstream::error::UpstreamError;
use crate::upstream::metadata;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::{CodeResponse, UpstreamSignIn};

/// The parameters of the response, from the query or from the sealed copy of a form.
///
/// # Errors
/// A page for a response that can't be read.
pub(super) fn read(server: &Server<'_>, request: &Request<'_>) -> Result<Parameters, Failure> {
    let query = request.with_query(|query| Parameters::parse_lossy(query.as_bytes()));
    match query.as_ref().map(|query| query.get("answer")) {
        Ok(Some(sealed)) => {
            let opened = server.settings.sealer.open(Purpose::UpstreamAnswer, sealed);
            known(Parameters::parse_lossy(&opened.map_err(|_| unreadable())?))
        }
        _ => known(query),
    }
}

/// Keeps the parameters that are used; each may appear only once. Any other parameter is ignored, even if it is
/// repeated or badly encoded.
pub(super) fn known(answer: Result<Parameters, ParameterError>) -> Result<Parameters, Failure> {
    let mut answer = answer.map_err(|_| unreadable())?;
    answer.retain(&["state", "code", "iss", "error", "user"]);
    answer.once_each().map_err(|_| unreadable())?;
    Ok(answer)
}

/// The page for a response that can't be read.
pub(super) fn unreadable() -> Failure {
    let message = "The provider's response is malformed. Sign in again.";
    Failure::page(400, "This response can't be read", message)
}

/// Why a response signs nobody in.
pub(super) enum CallbackError {
    Denied,
    Provider(String),
    Upstream(UpstreamError),
}

impl CallbackError {
    /// The HTTP status, and the message for the user.
    pub fn told(&self, name: &str) -> (u16, String) {
        match self {
            Self::Denied => (
                403,
                format!(
                    "You weren't signed in, because access was denied at {name}. Try again, or \
                     sign in another way."
                ),
            ),
            Self::Provider(code) if code == "temporarily_unavailable" || code == "server_error" => {
                (
                    503,
                    format!(
                        "{name} isn't available right now. Try again in a minute, or sign in \
                         another way."
                    ),
                )
            }
            Self::Provider(_) => {
                (400, format!("{name} didn't sign you in. Try again, or sign in another way."))
            }
            Self::Upstream(UpstreamError::IdToken(IdTokenError::AuthTime)) => (
                403,
                format!(
                    "{name} didn't confirm that you signed in just now. Try again, or sign in \
                     another way."
                ),
            ),
            Self::Upstream(UpstreamError::IdToken(error)) => (
                400,
                format!(
                    "{name} sent a response that can't be trusted ({error}). Try again, or sign \
                     in another way."
                ),
            ),
            Self::Upstream(UpstreamError::Http(_) | UpstreamError::Unavailable(_)) => (
                503,
                format!("{name} isn't responding. Try again in a minute, or sign in another way."),
            ),
            Self::Upstream(_) => (
                502,
                format!(
                    "{name} sent a response that can't be used. Try again, or sign in another way."
                ),
            ),
        }
    }
}

/// Redeems the code at the provider.
///
/// # Errors
/// [`CallbackError`].
pub(super) async fn redeem(
    server: &Server<'_>,
    provider: &Provider,
    answer: &Parameters,
    login: &UpstreamLogin,
) -> Result<UpstreamSignIn, CallbackError> {
    check_issuer(server, provider, answer).await.map_err(CallbackError::Upstream)?;
    match answer.get("error") {
        // Apple has its own code for a user who cancelled.
        Some("access_denied" | "user_cancelled_authorize" | "consent_required") => {
            return Err(CallbackError::Denied);
        }
        Some(code) => return Err(CallbackError::Provider(code.to_owned())),
        None => {}
    }
    let code = answer.get("code").filter(|code| code.len() <= 4096);
    let code =
        code.ok_or(CallbackError::Upstream(UpstreamError::Nonsense("an answer without a code")))?;
    let asked = CodeResponse {
        code,
        redirect_uri: &redirect_uri(server, provider),
        binding: &login.binding,
        signed_in_since: login.signed_in_since,
        needs_address: !matches!(login.intent, Intent::Connect(_)),
        user: answer.get("user").filter(|_| provider.quirks.user_in_answer),
    };
    crate::upstream::sign_in::sign_in(&server.ports, provider, &asked)
        .await
        .map_err(CallbackError::Upstream)
}

/// RFC 9207 §2.4: a response that names another issuer is a mix-up attack. A response without `iss` is refused if the
/// provider's metadata says that it always sends one.
async fn check_issuer(
    server: &Server<'_>,
    provider: &Provider,
    answer: &Parameters,
) -> Result<(), UpstreamError> {
    match answer.get("iss") {
        Some(named) if is_issuer(&provider.issuer, named) => Ok(()),
        Some(_) => Err(UpstreamError::Nonsense("an answer in the name of another issuer")),
        None => {
            let metadata = metadata::metadata(&server.ports, provider).await?;
            if metadata.authorization_response_iss_parameter_supported {
                Err(UpstreamError::Nonsense("an answer that does not name its issuer"))
            } else {
                Ok(())
            }
        }
    }
}

/// Whether `iss` (RFC 9207) names the provider, or any tenant of a multi-tenant provider. The tenant itself is checked
/// in the ID token.
fn is_issuer(configured: &str, named: &str) -> bool {
    let tenant = configured.split_once(TENANT).and_then(|(before, after)| {
        named.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
    });
    issuer_matches(configured, named, tenant)
}
