//! What a provider answers (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode), and what it is worth.

use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::login::{Intent, UpstreamLogin};
use crate::endpoints::upstream::redirect_uri;
use crate::jose::seal::Purpose;
use crate::jose::upstream_id_token::{IdTokenError, TENANT, issuer_matches};
use crate::protocol::parameters::{ParameterError, Parameters};
use crate::upstream::error::UpstreamError;
use crate::upstream::metadata;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::{CodeResponse, UpstreamSignIn};

/// The parameters of the answer, from the query or from what was sealed of a form.
///
/// # Errors
/// A page, for an answer that cannot be read.
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

/// The parameters of a response that are read here; each may appear only once. Any other parameter is ignored,
/// however often and in whatever encoding the provider sends it.
pub(super) fn known(answer: Result<Parameters, ParameterError>) -> Result<Parameters, Failure> {
    let mut answer = answer.map_err(|_| unreadable())?;
    answer.retain(&["state", "code", "iss", "error", "user"]);
    answer.once_each().map_err(|_| unreadable())?;
    Ok(answer)
}

/// The page for an answer that cannot be read.
pub(super) fn unreadable() -> Failure {
    Failure::page(400, "This answer cannot be read", "Go back and sign in again.")
}

/// Why an answer lets nobody in.
pub(super) enum CallbackError {
    Denied,
    Provider(String),
    Upstream(UpstreamError),
}

impl CallbackError {
    /// The status, and what the user is told.
    pub fn told(&self, name: &str) -> (u16, String) {
        match self {
            Self::Denied => (
                403,
                format!(
                    "You were not signed in with {name}: it was denied there. Try again, or \
                         sign in another way."
                ),
            ),
            Self::Provider(code) if code == "temporarily_unavailable" || code == "server_error" => {
                (
                    503,
                    format!(
                        "{name} has a problem of its own. Try again in a minute, or sign in \
                         another way."
                    ),
                )
            }
            Self::Provider(_) => {
                (400, format!("{name} did not sign you in. Try again, or sign in another way."))
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
                    "What {name} said cannot be trusted ({error}). Try again, or sign in \
                         another way."
                ),
            ),
            Self::Upstream(UpstreamError::Http(_) | UpstreamError::Unavailable(_)) => (
                503,
                format!(
                    "{name} does not answer at the moment. Try again in a minute, or sign in \
                         another way."
                ),
            ),
            Self::Upstream(_) => (
                502,
                format!(
                    "{name} gave an answer that cannot be used. Try again, or sign in another \
                         way."
                ),
            ),
        }
    }
}

/// Redeems the answer at the provider.
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
        // Apple's word for a person who turned back differs.
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

/// RFC 9207 §2.4: an answer that names another issuer is the mix-up attack, and one that names none
/// is refused where the provider says that it always does.
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

/// Whether the `iss` parameter (RFC 9207) names the provider, or any tenant of a multi-tenant one. Which tenant
/// it must be is checked against the ID token.
fn is_issuer(configured: &str, named: &str) -> bool {
    let tenant = configured.split_once(TENANT).and_then(|(before, after)| {
        named.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
    });
    issuer_matches(configured, named, tenant)
}
