//! The way back from a provider (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode).

use super::login::{Intent, UpstreamLogin};
use super::start::{log, unknown_provider};
use super::{company, find, reconcile, redirect_uri};
use crate::domain::account::confirmation::Confirmation;
use crate::domain::account::identity::Link;
use crate::domain::account::session::AuthTime;
use crate::domain::time::Timestamp;
use crate::endpoints::browser;
use crate::endpoints::connections::connect;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::sign_in::{self, Shown};
use crate::jose::seal::Purpose;
use crate::jose::upstream_id_token::{IdTokenError, TENANT, issuer_matches};
use crate::protocol::parameters::{self, ParameterError, Parameters};
use crate::upstream::error::UpstreamError;
use crate::upstream::metadata;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::{Answer, SignedIn};

/// Takes a provider's answer.
///
/// # Errors
/// A page, where the answer belongs to nothing that this browser began.
pub async fn callback(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &str,
) -> Result<Response, Failure> {
    let provider = find(server, provider).ok_or_else(unknown_provider)?;
    if request.method == Method::Post {
        return to_get(server, request, provider);
    }
    let answer = read(server, request)?;
    let state = answer.get("state").unwrap_or_default();
    let Some(login) = UpstreamLogin::of(server, request, (&provider.id, state)) else {
        return Err(not_ours(server, request, provider).await?);
    };
    // The operator may have stopped sign-ins with this provider while the user was there.
    if !provider.signs_in && !matches!(login.intent, Intent::Connect(_)) {
        return Err(unknown_provider());
    }
    let id = login.id();
    let response = finish(server, request, provider, &answer, login).await?;
    Ok(UpstreamLogin::forget(&id, response))
}

/// A form that another site sends comes without this site's cookies; the same answer as a link comes
/// with them. What it says stays sealed, so that no code stands in an address of ours.
fn to_get(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
) -> Result<Response, Failure> {
    if request.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(unreadable());
    }
    let form = request.with_text(|text| Parameters::parse_lossy(text.as_bytes()));
    let form = known(form.map_err(|_| unreadable())?)?;
    let body = parameters::encode(form.pairs());
    let sealed = server.seal(Purpose::UpstreamAnswer, body.as_bytes())?;
    if sealed.len() > 12_000 {
        return Err(unreadable());
    }
    let query = parameters::encode([("answer", sealed.as_str())]);
    Ok(Response::see_other(&format!("{}?{query}", redirect_uri(server, provider))))
}

fn read(server: &Server<'_>, request: &Request<'_>) -> Result<Parameters, Failure> {
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
fn known(answer: Result<Parameters, ParameterError>) -> Result<Parameters, Failure> {
    let mut answer = answer.map_err(|_| unreadable())?;
    answer.retain(&["state", "code", "iss", "error", "user"]);
    answer.once_each().map_err(|_| unreadable())?;
    Ok(answer)
}

fn unreadable() -> Failure {
    Failure::page(400, "This answer cannot be read", "Go back and sign in again.")
}

/// An answer to nothing that this browser waits for: most often it was used already, and the user reloads the
/// page or goes back.
async fn not_ours(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
) -> Result<Failure, Failure> {
    let is_signed_in = match browser::claimed_session(request) {
        Some(session) => session.read(server).await?.is_some(),
        None => false,
    };
    Ok(if is_signed_in {
        Failure::page(400, "You're already signed in", "Go back to the app to continue.")
    } else {
        let message = format!(
            "The answer from {} was already used, came too late or belongs to another browser. \
             Sign in again, or start again from the app.",
            provider.name
        );
        Failure::page(400, "This sign-in can't continue", message)
    })
}

async fn finish(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    answer: &Parameters,
    login: UpstreamLogin,
) -> Result<Response, Failure> {
    let signed_in = match redeem(server, provider, answer, &login).await {
        Ok(signed_in) => signed_in,
        Err(refusal) => {
            if let Refusal::Upstream(error) = &refusal {
                log(server, request, provider, error);
            }
            let (status, message) = refusal.told(&provider.name);
            return tell(server, request, &login.intent, status, message).await;
        }
    };
    match login.intent {
        Intent::SignIn(interaction) => {
            let signed_in_since = login.signed_in_since;
            let SignedIn { identity, session, .. } = signed_in;
            let identity = company::vouched(server, provider, identity).await?;
            let confirms = interaction.needs_fresh_sign_in();
            let person =
                reconcile::Person { identity, session, signed_in_since, confirms, asks: None };
            reconcile::sign_in(server, request, provider, person, interaction).await
        }
        Intent::Link { account, confirmation } => {
            let link = Link {
                identity: company::vouched(server, provider, signed_in.identity).await?,
                update: provider.claims_update,
                confirmation: Confirmation::Link(confirmation),
            };
            reconcile::link(server, request, &account, link).await
        }
        Intent::Connect(connecting) => {
            connect::finish(server, request, provider, connecting, signed_in).await
        }
    }
}

/// Why an answer lets nobody in.
enum Refusal {
    Denied,
    Provider(String),
    Upstream(UpstreamError),
}

impl Refusal {
    fn told(&self, name: &str) -> (u16, String) {
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

async fn redeem(
    server: &Server<'_>,
    provider: &Provider,
    answer: &Parameters,
    login: &UpstreamLogin,
) -> Result<SignedIn, Refusal> {
    check_issuer(server, provider, answer).await.map_err(Refusal::Upstream)?;
    match answer.get("error") {
        // Apple's word for a person who turned back differs.
        Some("access_denied" | "user_cancelled_authorize" | "consent_required") => {
            return Err(Refusal::Denied);
        }
        Some(code) => return Err(Refusal::Provider(code.to_owned())),
        None => {}
    }
    let code = answer.get("code").filter(|code| code.len() <= 4096);
    let code =
        code.ok_or(Refusal::Upstream(UpstreamError::Nonsense("an answer without a code")))?;
    let asked = Answer {
        code,
        redirect_uri: &redirect_uri(server, provider),
        binding: &login.binding,
        signed_in_since: login.signed_in_since,
        needs_address: !matches!(login.intent, Intent::Connect(_)),
        user: answer.get("user").filter(|_| provider.quirks.user_in_answer),
    };
    crate::upstream::sign_in::sign_in(&server.ports, provider, &asked)
        .await
        .map_err(Refusal::Upstream)
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

/// Tells what happened where the person can go on.
async fn tell(
    server: &Server<'_>,
    request: &Request<'_>,
    intent: &Intent,
    status: u16,
    message: String,
) -> Result<Response, Failure> {
    match intent {
        Intent::SignIn(interaction) => {
            sign_in::page(server, request, interaction, Shown::error(status, message))
        }
        Intent::Link { .. } => {
            crate::endpoints::account::refused(server, request, status, message).await
        }
        Intent::Connect(connecting) => {
            connect::refused(server, request, connecting, status, message).await
        }
    }
}

/// When the user authenticated, from the provider's `auth_time`; unknown if it reported none.
pub(super) fn authenticated(told: Option<Timestamp>, since: Option<Timestamp>) -> AuthTime {
    // Within the skew of two clocks the provider's word satisfies what the app asked for.
    told.map_or(AuthTime::Unknown, |told| AuthTime::At(since.map_or(told, |since| told.max(since))))
}
