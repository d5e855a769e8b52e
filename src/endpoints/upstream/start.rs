//! Redirects the browser to a provider.

use super::login::{Intent, UpstreamLogin};
use super::{find, redirect_uri};
use crate::domain::account::{BeginLink, Confirmation};
use crate::domain::time::Timestamp;
use crate::endpoints::browser::{self, ClaimedSession};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::interaction::{AuthorizationRequest, Interaction};
use crate::endpoints::outcome::{Outcome, SignInPage};
use crate::endpoints::server::Server;
use crate::protocol::email;
use crate::upstream::authorization::{self, AuthorizationParameters};
use crate::upstream::error::{UpstreamError, log_odd};
use crate::upstream::metadata;
use crate::upstream::provider::Provider;

/// Redirects the browser to a provider to sign in there.
///
/// # Errors
/// A page if the provider is unknown or the interaction has expired.
pub async fn sign_in_at(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let query = request.query()?;
    let interaction = Interaction::open(server, request, query.get("flow"))?;
    let provider = find(server, request.path_parameter());
    let provider = provider.filter(|provider| provider.signs_in).ok_or_else(unknown_provider)?;
    // A link on another site must not start a sign-in that the user didn't ask for. It leads to the sign-in page
    // instead.
    if request.header("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Ok(Outcome::see_other(&interaction.address(server, "/sign-in")?));
    }
    let hint = query.get("login_hint").filter(|hint| email::is_address(hint)).map(String::from);
    let parameters = AuthorizationParameters {
        login_hint: hint,
        prompt_login: query.get("prompt") == Some("login"),
        ..AuthorizationParameters::default()
    };
    to_provider(server, request, provider, interaction, parameters).await
}

/// A provider starts a sign-in (OpenID Connect Core §4). The operator must have allowed it for this provider, and it
/// leads only to the account page: `target_link_uri` is ignored.
///
/// # Errors
/// A page if the request can't be read.
pub async fn initiated(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let parameters = match request.method {
        Method::Post => request.form(),
        _ => request.query(),
    };
    let unreadable =
        |_| Failure::page(400, "This sign-in can't continue", "Go back and start again.");
    let parameters = parameters.map_err(unreadable)?;
    let issuer = parameters.get("iss").unwrap_or_default();
    let provider = server.settings.providers.iter().find(|provider| {
        provider.issuer == issuer && provider.signs_in && provider.initiated_login
    });
    let Some(provider) = provider else {
        let message = "That site can't start a sign-in here. Sign in below, or go back to the app \
                       that you want to use.";
        let shown = SignInPage::error(403, message.to_owned());
        return Ok(Outcome::ShowSignIn(Interaction::Account, shown));
    };
    let hint = parameters.get("login_hint").filter(|hint| hint.len() <= 254).map(String::from);
    let parameters =
        AuthorizationParameters { login_hint: hint, ..AuthorizationParameters::default() };
    to_provider(server, request, provider, Interaction::Account, parameters).await
}

/// Redirects the browser to a provider, and passes on what the app's request asks for.
///
/// # Errors
/// Internal errors only.
pub async fn to_provider(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    interaction: Interaction,
    mut parameters: AuthorizationParameters,
) -> Result<Outcome, Failure> {
    parameters.scope = provider.scope.clone();
    parameters.prompt_login |= interaction.needs_fresh_sign_in();
    let mut since = parameters.prompt_login.then(|| server.now());
    if let Some(asked) = interaction.authorization() {
        parameters.prompt_login |= asked.prompt.login;
        parameters.select_account = asked.prompt.select_account;
        parameters.max_age = asked.max_age;
        parameters.ui_locales.clone_from(&asked.ui_locales);
        let acr_values = asked.acr_values.as_deref().unwrap_or_default();
        parameters.acr_values =
            acr_values.split(' ').filter(|v| !v.is_empty()).map(Into::into).collect();
        parameters.login_hint = parameters.login_hint.or_else(|| asked.login_hint.clone());
        let chosen = AuthorizationRequest { account_selected: true, ..asked.clone() };
        since = since.max(chosen.signed_in_since(server.now()));
    }
    if parameters.prompt_login {
        // With `max_age`, the provider must say when the user signed in (OpenID Connect Core §3.1.2.1).
        parameters.max_age = Some(0);
    }
    if since.is_some() && !provider.is_openid() {
        let message = format!(
            "This needs a fresh sign-in, and {} can't confirm one. Sign in another way.",
            provider.name
        );
        return Ok(Outcome::ShowSignIn(interaction, SignInPage::error(403, message)));
    }
    let intent = Intent::SignIn(interaction.clone());
    match begin(server, request, provider, Departure { intent, since, parameters }).await {
        Ok(response) => Ok(browser::with_token(server, request, response).into()),
        Err(Begin::Failure(failure)) => Err(failure),
        Err(Begin::Upstream(error)) => {
            log(server, request, provider, &error);
            let message = format!(
                "{} isn't responding. Try again in a minute, or sign in another way.",
                provider.name
            );
            Ok(Outcome::ShowSignIn(interaction, SignInPage::error(503, message)))
        }
    }
}

/// Redirects the browser to a provider, to link the identity there to the account that is signed in here.
///
/// # Errors
/// A page if the provider doesn't respond.
pub async fn link_with(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    (session, confirmation): (&ClaimedSession, Confirmation),
) -> Result<Response, Failure> {
    let command = BeginLink { session: session.proof.clone(), confirmation };
    let confirmation = server.ask(&session.address(), command).await??;
    let parameters = AuthorizationParameters {
        scope: provider.scope.clone(),
        select_account: true,
        ..AuthorizationParameters::default()
    };
    let intent = Intent::Link { account: session.account.to_string(), confirmation };
    match begin(server, request, provider, Departure { intent, since: None, parameters }).await {
        Ok(response) => Ok(response),
        Err(Begin::Failure(failure)) => Err(failure),
        Err(Begin::Upstream(error)) => {
            log(server, request, provider, &error);
            Err(Failure::page(
                503,
                "The provider isn't responding",
                format!("Nothing was linked. Try {} again in a minute.", provider.name),
            ))
        }
    }
}

/// Why the browser can't be redirected to a provider.
pub(in crate::endpoints) enum Begin {
    Upstream(UpstreamError),
    Failure(Failure),
}

/// Why a browser is sent to a provider, and what for.
pub(in crate::endpoints) struct Departure {
    /// What continues when the browser comes back.
    pub intent: Intent,
    /// The user must sign in at the provider at or after this time.
    pub since: Option<Timestamp>,
    /// What the request asks of the provider.
    pub parameters: AuthorizationParameters,
}

/// Redirects the browser to a provider.
pub(in crate::endpoints) async fn begin(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    Departure { intent, since, parameters }: Departure,
) -> Result<Response, Begin> {
    let metadata = metadata::metadata(&server.ports, provider).await.map_err(Begin::Upstream)?;
    // Logged only here, because the callback reads the same document again.
    log_odd(&server.ports, provider, "metadata", &metadata.odd);
    let login = UpstreamLogin::new(server, &provider.id, intent, since);
    let redirect_uri = redirect_uri(server, provider);
    let address =
        authorization::address(provider, &metadata, &login.binding, &redirect_uri, &parameters);
    login.keep(server, request, Response::see_other(&address)).map_err(Begin::Failure)
}

/// Logs why a provider failed. The user gets a message without details.
pub(in crate::endpoints) fn log(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    error: &UpstreamError,
) {
    let (id, name) = (request.request_id(), &provider.id);
    server.ports.log.error(&format!("request {id}: the provider {name}: {error}"));
}

pub(in crate::endpoints) fn unknown_provider() -> Failure {
    Failure::page(
        404,
        "Provider not found",
        "The link may be out of date. Go back and choose another way to sign in.",
    )
}
