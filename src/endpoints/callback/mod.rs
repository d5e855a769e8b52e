//! The callback endpoint: a provider redirects the browser here. `answer.rs` reads the response; this file does what
//! the sign-in at the provider was for.

mod answer;

use self::answer::CallbackError;
use super::browser;
use super::connections::connect;
use super::failure::Failure;
use super::http::{Method, Request, Response};
use super::outcome::{Outcome, SignInPage};
use super::server::Server;
use super::upstream::login::{Intent, UpstreamLogin};
use super::upstream::start::{log, unknown_provider};
use super::upstream::verdict::UpstreamUser;
use super::upstream::{company, find, link, reconcile, redirect_uri};
use crate::domain::account::{Confirmation, LinkRequest};
use crate::domain::event::{Event, SignInFailure};
use crate::protocol::parameters::{self, Parameters};
use crate::tenant::Purpose;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::UpstreamSignIn;

/// Handles a provider's authorization response.
///
/// # Errors
/// A page if the response belongs to no sign-in that this browser started.
pub async fn callback(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let provider = find(server, request.path_parameter()).ok_or_else(unknown_provider)?;
    if request.method == Method::Post {
        return to_get(server, request, provider).map(Outcome::Answer);
    }
    let answer = answer::read(server, request)?;
    let state = answer.get("state").unwrap_or_default();
    let Some(login) = UpstreamLogin::of(server, request, &provider.id, state) else {
        return Err(not_ours(server, request, provider).await?);
    };
    // The operator may have stopped sign-ins with this provider while the user was there.
    if !provider.signs_in && !matches!(login.intent, Intent::Connect(_)) {
        return Err(unknown_provider());
    }
    let forgotten = login.forgotten();
    let outcome = finish(server, request, provider, &answer, login).await?;
    Ok(outcome.with_cookies(forgotten))
}

/// Browsers leave out this site's cookies when another site posts a form, but send them with a link. So redirect to the
/// same response as a link, sealed, so that no code appears in a URL of this server.
fn to_get(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
) -> Result<Response, Failure> {
    if request.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(answer::unreadable());
    }
    let form = request.with_text(|text| Parameters::parse_lossy(text.as_bytes()));
    let form = answer::known(form.map_err(|_| answer::unreadable())?)?;
    let body = parameters::encode(form.pairs());
    let sealed = server.seal(Purpose::UpstreamAnswer, body.as_bytes())?;
    if sealed.len() > 12_000 {
        return Err(answer::unreadable());
    }
    let query = parameters::encode([("answer", sealed.as_str())]);
    Ok(Response::see_other(&format!("{}?{query}", redirect_uri(server, provider))))
}

/// The response belongs to no sign-in that this browser waits for. Most often it was already used, and the user
/// reloaded the page or went back.
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
            "The response from {} was already used, came too late or belongs to another browser. \
             Sign in again, or start again from the app.",
            provider.name
        );
        Failure::page(400, "This sign-in can't continue", message)
    })
}

/// Redeems the code, then does what the sign-in at the provider was for. Another protocol, such as SAML, would end in
/// the same identity and continue in the same way.
async fn finish(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    answer: &Parameters,
    login: UpstreamLogin,
) -> Result<Outcome, Failure> {
    let signed_in = match answer::redeem(server, provider, answer, &login).await {
        Ok(signed_in) => signed_in,
        Err(refusal) => {
            if let CallbackError::Upstream(error) = &refusal {
                log(server, request, provider, error);
            }
            if matches!(login.intent, Intent::SignIn(_)) {
                let failed = Event::sign_in_failed(SignInFailure::Provider);
                server.log_event(failed.provider(&provider.id));
            }
            let (status, message) = refusal.told(&provider.name);
            return tell(server, login.intent, status, message).await;
        }
    };
    match login.intent {
        Intent::SignIn(interaction) => {
            let signed_in_since = login.signed_in_since;
            let UpstreamSignIn { identity, session, .. } = signed_in;
            let identity = company::vouched(server, provider, identity).await?;
            let confirms = interaction.needs_fresh_sign_in();
            let person = UpstreamUser { identity, session, signed_in_since, confirms, asks: None };
            reconcile::sign_in(server, request, provider, person, interaction).await
        }
        Intent::Link { account, confirmation } => {
            let link = LinkRequest {
                identity: company::vouched(server, provider, signed_in.identity).await?,
                update: provider.claims_update,
                confirmation: Confirmation::Link(confirmation),
            };
            link::link(server, request, &account, link).await
        }
        Intent::Connect(connecting) => {
            connect::finish(server, request, provider, connecting, signed_in).await
        }
    }
}

/// Shows the error on the page from which the user can try again.
async fn tell(
    server: &Server<'_>,
    intent: Intent,
    status: u16,
    message: String,
) -> Result<Outcome, Failure> {
    match intent {
        Intent::SignIn(interaction) => {
            Ok(Outcome::ShowSignIn(interaction, SignInPage::error(status, message)))
        }
        Intent::Link { .. } => Ok(Outcome::ShowAccount(status, message)),
        Intent::Connect(connecting) => connect::refused(server, &connecting, status, message).await,
    }
}
