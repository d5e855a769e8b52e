//! The consent page: shows what a client requests, and takes the user's decision.

use super::authorize;
use super::authorize::request::{no_longer_allowed, unknown_client};
use super::browser::{self, ClaimedSession};
use super::failure::Failure;
use super::form::{self, FormPage, OutdatedForm, SessionForm};
use super::http::{Request, Response};
use super::interaction::{AuthorizationRequest, Interaction};
use super::server::Server;
use crate::pages::consent::{ConsentPage, ScopeLine};
use crate::pages::who_asks::WhoAsks;
use crate::protocol::error::{ErrorCode, OAuthError};

/// Shows the consent page.
///
/// # Errors
/// A page if the interaction has expired.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    let authorization = open(server, request, query.get("flow"))?;
    page(server, request, authorization, None).await
}

/// Renders the page. If its form was out of date, keeps what was ticked.
async fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    authorization: AuthorizationRequest,
    outdated: Option<&OutdatedForm>,
) -> Result<Response, Failure> {
    let interaction = Interaction::Authorize(Box::new(authorization.clone()));
    let session = match browser::claimed_session(request) {
        Some(session) => session.read(server).await?,
        None => None,
    };
    let Some(session) = session else {
        return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
    };
    let client = server.client(&authorization.client_id).await?.ok_or_else(unknown_client)?;
    // The redirect URIs may have changed since the request was checked. Check again, or the page could call a redirect
    // URI verified that isn't.
    let authorization = authorization.renewed(server, &client).ok_or_else(no_longer_allowed)?;
    let form = FormPage::of_session(server, request)?
        .leading_to(Some(&authorization.redirect_uri))
        .with_notice(outdated.map(|outdated| outdated.notice));
    let mut scopes = ScopeLine::of(&authorization.asked(), &server.settings.resources);
    if let Some(typed) = outdated.map(|outdated| &outdated.typed).filter(|typed| !typed.is_empty())
    {
        for line in &mut scopes {
            line.is_ticked = typed.get(&format!("allow:{}", line.token)).is_some();
        }
    }
    let page = ConsentPage {
        csrf: &form.csrf,
        flow: &interaction.seal(server)?,
        who: WhoAsks::new(
            &client,
            server.settings.is_unverified(&client),
            Some(&authorization.redirect_uri),
        ),
        email: session.label(),
        scopes,
        left_out: &authorization.left_out,
        resources: names(server, &authorization.resources),
    };
    Ok(form.render(form.status(), &page))
}

/// Takes the user's decision.
///
/// # Errors
/// A page if the form is not this server's own or the interaction has expired.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = match form::of_session(server, request)? {
        SessionForm::Current(form, session) => (form, session),
        // Consent counts only from the session that was asked (OpenID Connect Core §3.1.2.4).
        SessionForm::Outdated(outdated) => {
            let authorization = open(server, request, outdated.flow())?;
            return page(server, request, authorization, Some(&outdated)).await;
        }
        SessionForm::SignedOut(form) => {
            let authorization = open(server, request, form.get("flow"))?;
            let interaction = Interaction::Authorize(Box::new(authorization));
            return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
        }
    };
    let authorization = open(server, request, form.get("flow"))?;
    if form.get("decision") != Some("allow") {
        return deny(server, authorization, &session).await;
    }
    let optional = server.settings.resources.optional(&authorization.asked());
    let declined = optional.filter(|token| form.get(&format!("allow:{token}")).is_none());
    authorize::consented(server, authorization, session, declined).await
}

/// The display names of resources.
pub(super) fn names<'a>(server: &'a Server<'_>, resources: &'a [String]) -> Vec<&'a str> {
    resources.iter().map(|uri| server.settings.resources.name(uri)).collect()
}

/// Returns `access_denied` to the client. Only a signed-in user can deny a request.
async fn deny(
    server: &Server<'_>,
    authorization: AuthorizationRequest,
    session: &ClaimedSession,
) -> Result<Response, Failure> {
    if session.read(server).await?.is_none() {
        let interaction = Interaction::Authorize(Box::new(authorization));
        return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
    }
    // Never redirect to a URI that the client has removed.
    let client = server.client(&authorization.client_id).await?.ok_or_else(unknown_client)?;
    let authorization = authorization.renewed(server, &client).ok_or_else(no_longer_allowed)?;
    let error = OAuthError::new(ErrorCode::AccessDenied, "the user denied the request");
    Ok(authorization.response().error(server, &error))
}

fn open(
    server: &Server<'_>,
    request: &Request<'_>,
    flow: Option<&str>,
) -> Result<AuthorizationRequest, Failure> {
    match Interaction::open(server, request, flow)? {
        Interaction::Authorize(authorization) => Ok(*authorization),
        _ => Err(Failure::page(400, "Nothing to decide", "Go back to the app and start again.")),
    }
}
