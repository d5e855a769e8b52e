//! Connecting an outside account: the person is asked here, and then there.

use super::keep::{NewConnection, NotKept};
use super::not_offered;
use crate::domain::client::Client;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::form::{self, FormPage, SessionForm};
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::{ConnectRequest, Interaction};
use crate::endpoints::outcome::Outcome;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::find;
use crate::endpoints::upstream::login::{Connecting, Intent};
use crate::endpoints::upstream::start::{self, Begin, Departure};
use crate::pages::connect::Connect;
use crate::pages::who_asks::WhoAsks;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::parameters;
use crate::protocol::redirect_uri;
use crate::protocol::scope::Scope;
use crate::upstream::authorization::Wishes;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::SignedIn;

/// The provider, and the scopes that it may be asked for.
fn offered<'s>(server: &'s Server<'_>, id: &str) -> Result<(&'s Provider, &'s Scope), Failure> {
    let provider = find(server, id).ok_or_else(not_offered)?;
    let scope = provider.connection.as_ref().ok_or_else(not_offered)?;
    Ok((provider, scope))
}

/// Reads what an app asks for; none where the person came from the account page.
async fn read(
    server: &Server<'_>,
    request: &Request<'_>,
    (provider, allowed): (&Provider, &Scope),
) -> Result<Option<ConnectRequest>, Failure> {
    let query = request.query()?;
    if let Some(flow) = query.get("flow") {
        return open_flow(server, request, (provider, allowed), Some(flow));
    }
    let Some(client_id) = query.get("client_id") else {
        return Ok(None);
    };
    let refused = |text: &str| Failure::page(400, "This app cannot connect an account", text);
    let client = server.client(client_id).await?.ok_or_else(|| {
        refused("The link that brought you here names an app that is not registered (client_id).")
    })?;
    let sent = query.get("redirect_uri").unwrap_or_default();
    if !client.metadata.redirect_uris.iter().any(|uri| redirect_uri::matches(uri, sent)) {
        return Err(refused(
            "The address that the app wants you sent back to (redirect_uri) is not one that it \
             registered.",
        ));
    }
    let scope = match query.get("scope").map(Scope::parse) {
        None => allowed.clone(),
        Some(Ok(scope)) if allowed.covers(&scope) && !scope.is_empty() => scope,
        Some(_) => {
            return Err(refused("The app asks for more than this service connects (scope)."));
        }
    };
    if provider.quirks.all_or_nothing && !scope.covers(allowed) {
        let text = format!(
            "{} can't grant only a part of its access. The app must ask for everything that this \
             service connects, or leave scope out.",
            provider.name
        );
        return Err(refused(&text));
    }
    let state = query.get("state").filter(|state| state.len() <= 2000).map(String::from);
    Ok(Some(ConnectRequest {
        provider: provider.id.clone(),
        client_id: client.client_id,
        redirect_uri: sent.to_owned(),
        state,
        scope,
    }))
}

/// The app that asks, if the redirect URI of its request is still registered.
async fn registered(server: &Server<'_>, asked: &ConnectRequest) -> Result<Client, Failure> {
    let is_there = |client: &Client| {
        let uris = &client.metadata.redirect_uris;
        uris.iter().any(|uri| redirect_uri::matches(uri, &asked.redirect_uri))
    };
    let client = server.client(&asked.client_id).await?.filter(is_there);
    client.ok_or_else(|| {
        let text = "It changed its registration. Go back to the app and begin again.";
        Failure::page(400, "This app cannot connect an account", text)
    })
}

/// Asks whether to connect.
///
/// # Errors
/// A page, where the app or the provider is not known.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (provider, allowed) = offered(server, request.path_parameter())?;
    let asked = read(server, request, (provider, allowed)).await?;
    page(server, request, (provider, allowed), (asked, None)).await
}

/// Renders the page that asks; `notice` says why it is shown again.
async fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    (provider, allowed): (&Provider, &Scope),
    (asked, notice): (Option<ConnectRequest>, Option<&'static str>),
) -> Result<Response, Failure> {
    let interaction = match &asked {
        Some(asked) => Interaction::Connect(Box::new(asked.clone())),
        None => Interaction::Account,
    };
    let session = match browser::claimed_session(request) {
        Some(session) => session.read(server).await?,
        None => None,
    };
    let Some(view) = session else {
        return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
    };
    let client = match &asked {
        Some(asked) => Some(registered(server, asked).await?),
        None => None,
    };
    let scope = asked.as_ref().map_or(allowed, |asked| &asked.scope);
    // The answer leads to the provider, and from there to the app.
    let form =
        FormPage::of_session(server, request)?.leading_to(Some(&server.issuer)).with_notice(notice);
    let flow = match &asked {
        Some(_) => interaction.seal(server)?,
        None => String::new(),
    };
    let page = Connect {
        csrf: &form.csrf,
        flow: &flow,
        provider: &provider.id,
        name: &provider.name,
        who: client.as_ref().map(|client| {
            let to = asked.as_ref().map(|asked| asked.redirect_uri.as_str());
            WhoAsks::new(client, server.settings.is_unverified(client), to)
        }),
        label: view.label(),
        scopes: scope.iter().map(String::from).collect(),
    };
    Ok(form.render(form.status(), &page))
}

/// What the app asked for, as the page or its address carries it. The operator may offer less by now.
fn open_flow(
    server: &Server<'_>,
    request: &Request<'_>,
    (provider, allowed): (&Provider, &Scope),
    flow: Option<&str>,
) -> Result<Option<ConnectRequest>, Failure> {
    if flow.is_none() {
        return Ok(None);
    }
    match Interaction::open(server, request, flow)? {
        Interaction::Connect(asked)
            if asked.provider == provider.id && allowed.covers(&asked.scope) =>
        {
            Ok(Some(*asked))
        }
        _ => Err(not_offered()),
    }
}

/// Takes the person's answer, and goes on to the provider.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let (provider, allowed) = offered(server, request.path_parameter())?;
    let (form, session) = match form::of_session(server, request)? {
        SessionForm::Current(form, session) => (form, session),
        SessionForm::Outdated(outdated) => {
            let asked = open_flow(server, request, (provider, allowed), outdated.flow())?;
            let asked = (asked, Some(outdated.notice));
            return page(server, request, (provider, allowed), asked).await.map(Outcome::Answer);
        }
        SessionForm::SignedOut(form) => {
            let app = open_flow(server, request, (provider, allowed), form.get("flow"))?;
            return sign_in_first(server, app);
        }
    };
    let app = open_flow(server, request, (provider, allowed), form.get("flow"))?;
    if let Some(asked) = &app {
        registered(server, asked).await?;
    }
    let Some(view) = session.read(server).await? else {
        return sign_in_first(server, app);
    };
    if form.get("decision") != Some("connect") {
        let denied = OAuthError::new(ErrorCode::AccessDenied, "the user cancelled");
        return Ok(back(server, app.as_ref(), Err(denied)).into());
    }
    // Ask for exactly the scopes that the page showed, without those of other apps.
    let scope = app.as_ref().map_or_else(|| allowed.clone(), |app| app.scope.clone());
    let connecting = Connecting { account: view.account, scope: scope.clone(), app };
    go(server, request, provider, connecting, scope).await
}

/// Sends the user to the sign-in page; what the app asked for waits.
fn sign_in_first(server: &Server<'_>, app: Option<ConnectRequest>) -> Result<Outcome, Failure> {
    let app = app.map(|app| Interaction::Connect(Box::new(app)));
    let interaction = app.unwrap_or(Interaction::Account);
    Ok(Outcome::see_other(&interaction.address(server, "/sign-in")?))
}

async fn go(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    connecting: Connecting,
    mut scope: Scope,
) -> Result<Outcome, Failure> {
    if provider.is_openid() {
        // So that the answer says whose account it is.
        scope.insert(crate::protocol::scope::OPENID);
    }
    let wishes = Wishes { scope, connects: true, ..Wishes::default() };
    let intent = Intent::Connect(connecting.clone());
    match start::begin(server, request, provider, Departure { intent, since: None, wishes }).await {
        Ok(response) => Ok(response.into()),
        Err(Begin::Failure(failure)) => Err(failure),
        Err(Begin::Upstream(error)) => {
            start::log(server, request, provider, &error);
            let message = format!("{} does not answer. Try again in a minute.", provider.name);
            refused(server, &connecting, 503, message).await
        }
    }
}

/// Keeps what the provider gave, sealed, if the person who began it is still signed in.
///
/// # Errors
/// A page, if someone else is signed in, or if the account has the maximum number of connections.
pub(in crate::endpoints) async fn finish(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    connecting: Connecting,
    signed_in: SignedIn,
) -> Result<Outcome, Failure> {
    let new = NewConnection::new(server, provider, &connecting, signed_in)?;
    let session = browser::claimed_session(request)
        .filter(|held| held.account.as_str() == connecting.account);
    let Some(session) = session else {
        new.give_back(server).await?;
        let message = "You signed out, or in as someone else, before it was done. Sign in and try \
                       again.";
        return Err(Failure::page(403, "Nothing was connected", message));
    };
    if let Err(failure) = check_again(server, provider, &connecting).await {
        new.give_back(server).await?;
        return Err(failure);
    }
    let app = connecting.app.as_ref();
    match new.keep(server, &session).await? {
        Ok(()) if app.is_some() => Ok(back(server, app, Ok(())).into()),
        Ok(()) => Ok(Outcome::see_other(&server.url("/account?done=connected"))),
        Err(NotKept::Wider) if app.is_some() => {
            let description = "the provider grants more than the user approved, and cannot grant \
                               less; the tokens were revoked";
            let error = OAuthError::new(ErrorCode::InvalidScope, description);
            Ok(back(server, app, Err(error)).into())
        }
        Err(NotKept::Wider) => {
            let message = format!(
                "{} grants more than you approved, so nothing was connected.",
                provider.name
            );
            Ok(Outcome::ShowAccount(409, message))
        }
        Err(NotKept::TooMany) => {
            let message = "You have the maximum number of connected accounts. Disconnect one in your \
                           account, then try again.";
            Err(Failure::page(409, "Nothing was connected", message))
        }
    }
}

/// Checks what may have changed while the user was at the provider: the operator's offer, and the app's
/// registration. On failure nothing is sent to the app, whose redirect URI may be what changed.
async fn check_again(
    server: &Server<'_>,
    provider: &Provider,
    connecting: &Connecting,
) -> Result<(), Failure> {
    let allowed = provider.connection.as_ref().ok_or_else(not_offered)?;
    if !allowed.covers(&connecting.scope) {
        return Err(not_offered());
    }
    match &connecting.app {
        Some(asked) => registered(server, asked).await.map(drop),
        None => Ok(()),
    }
}

/// Tells the app or the person that nothing was connected.
///
/// # Errors
/// Only what is ours.
pub(in crate::endpoints) async fn refused(
    server: &Server<'_>,
    connecting: &Connecting,
    status: u16,
    message: String,
) -> Result<Outcome, Failure> {
    match &connecting.app {
        Some(asked) => {
            registered(server, asked).await?;
            let (code, description) = match status {
                403 => (ErrorCode::AccessDenied, "the user denied access at the provider"),
                503 => (ErrorCode::TemporarilyUnavailable, "the provider does not answer"),
                _ => (ErrorCode::ServerError, "the provider's answer cannot be used"),
            };
            let error = OAuthError::new(code, description);
            Ok(back(server, connecting.app.as_ref(), Err(error)).into())
        }
        None => Ok(Outcome::ShowAccount(status, message)),
    }
}

/// Back to the app, with what came of it; or to the account page.
fn back(
    server: &Server<'_>,
    app: Option<&ConnectRequest>,
    outcome: Result<(), OAuthError>,
) -> Response {
    let Some(app) = app else {
        return Response::see_other(&server.url("/account"));
    };
    let mut pairs = vec![("iss", server.issuer.as_str())];
    match &outcome {
        Ok(()) => pairs.push(("connection", &app.provider)),
        Err(error) => pairs
            .extend([("error", error.code.as_str()), ("error_description", &error.description)]),
    }
    pairs.extend(app.state.as_deref().map(|state| ("state", state)));
    Response::see_other(&parameters::add_to_query(&app.redirect_uri, pairs))
}
