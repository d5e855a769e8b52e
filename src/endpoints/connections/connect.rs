//! Connecting an outside account: the person is asked here, and then there.

use serde::{Deserialize, Serialize};

use super::connections;
use crate::domain::account::{Account, AccountCommand, AccountError};
use crate::domain::client::Client;
use crate::domain::connection::{self, Connection, ConnectionCommand, ConnectionReply, Parties};
use crate::endpoints::account;
use crate::endpoints::browser::{self, ClaimedSession, FormPage};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::Interaction;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::find;
use crate::endpoints::upstream::login::{Connecting, Intent};
use crate::endpoints::upstream::start::{self, Begin};
use crate::pages::connect::Connect;
use crate::pages::who_asks::WhoAsks;
use crate::protocol::parameters;
use crate::protocol::redirect_uri;
use crate::protocol::scope::Scope;
use crate::upstream::authorization::Wishes;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::SignedIn;

/// What an app asks for, checked: it sends the person to `/connect/{provider}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectRequest {
    /// The provider.
    pub provider: String,
    /// The app.
    pub client_id: String,
    /// Where the person is sent after; one that the app registered.
    pub redirect_uri: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// The outside scopes that the app needs.
    pub scope: Scope,
}

fn not_offered() -> Failure {
    Failure::page(
        404,
        "Nothing can be connected here",
        "This service does not connect accounts of that provider. Go back to where you came from.",
    )
}

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
        return match Interaction::open(server, request, Some(flow))? {
            Interaction::Connect(request) if request.provider == provider.id => Ok(Some(*request)),
            _ => Err(not_offered()),
        };
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
    let state = query.get("state").filter(|state| state.len() <= 2000).map(String::from);
    Ok(Some(ConnectRequest {
        provider: provider.id.clone(),
        client_id: client.client_id,
        redirect_uri: sent.to_owned(),
        state,
        scope,
    }))
}

/// The app that asks, if it still has the redirect URI that it asked with.
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
pub async fn show(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &str,
) -> Result<Response, Failure> {
    let (provider, allowed) = offered(server, provider)?;
    let asked = read(server, request, (provider, allowed)).await?;
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
    let form = FormPage::new(server, request).leading_to(Some(&server.issuer));
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
    Ok(form.render(200, &page))
}

/// Takes the person's answer, and goes on to the provider.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn submit(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &str,
) -> Result<Response, Failure> {
    let (form, session) = account::signed_in_form(server, request)?;
    let (provider, allowed) = offered(server, provider)?;
    let app = match form.get("flow") {
        None => None,
        flow => match Interaction::open(server, request, flow)? {
            Interaction::Connect(request) if request.provider == provider.id => Some(*request),
            _ => return Err(not_offered()),
        },
    };
    let Some(view) = session.read(server).await? else {
        return Err(AccountError::NoSession.into());
    };
    if form.get("decision") != Some("connect") {
        return Ok(back(server, app.as_ref(), Some("access_denied")));
    }
    let mut scope = app.as_ref().map_or_else(|| allowed.clone(), |app| app.scope.clone());
    // What other apps already have is asked for too: the new token takes the place of the old one.
    if let Some(ConnectionReply::Standing(_, held, _)) =
        super::standing(server, &view.account, &provider.id).await?
    {
        held.intersection(allowed).iter().for_each(|token| scope.insert(token));
    }
    let connecting = Connecting { account: view.account, scope: scope.clone(), app };
    go(server, request, provider, connecting, scope).await
}

async fn go(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    connecting: Connecting,
    mut scope: Scope,
) -> Result<Response, Failure> {
    if provider.is_openid() {
        // So that the answer says whose account it is.
        scope.insert(crate::protocol::scope::OPENID);
    }
    let wishes = Wishes { scope, connects: true, ..Wishes::default() };
    let intent = Intent::Connect(connecting.clone());
    match start::begin(server, provider, intent, None, &wishes).await {
        Ok(response) => Ok(response),
        Err(Begin::Failure(failure)) => Err(failure),
        Err(Begin::Upstream(error)) => {
            start::log(server, request, provider, &error);
            let message = format!("{} does not answer. Try again in a minute.", provider.name);
            refused(server, request, &connecting, 503, message).await
        }
    }
}

/// Keeps what the provider gave, sealed, if the person who began it is still signed in.
///
/// # Errors
/// A page, where someone else is.
pub(in crate::endpoints) async fn finish(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    connecting: Connecting,
    signed_in: SignedIn,
) -> Result<Response, Failure> {
    let Connecting { account, scope, app } = connecting;
    let session = browser::claimed_session(request).filter(|held| held.account.as_str() == account);
    let Some(session) = session else {
        let message = "You signed out, or in as someone else, before it was done. Sign in and try \
                       again.";
        return Err(Failure::page(403, "Nothing was connected", message));
    };
    keep(server, &session, provider, scope, signed_in).await?;
    match &app {
        Some(_) => Ok(back(server, app.as_ref(), None)),
        None => Ok(Response::see_other(&server.url("/account?done=connected"))),
    }
}

async fn keep(
    server: &Server<'_>,
    session: &ClaimedSession,
    provider: &Provider,
    scope: Scope,
    signed_in: SignedIn,
) -> Result<(), Failure> {
    let account = session.account.as_str();
    let sealed = connections(server).seal(account, &signed_in.tokens)?;
    let parties = Parties {
        account: account.to_owned(),
        provider: provider.id.clone(),
        subject: signed_in.identity.subject.clone(),
        label: signed_in.identity.label().to_owned(),
    };
    // The account first: what it lists can be taken back, whatever happens after.
    let command = AccountCommand::Connect(session.proof.clone(), provider.id.clone());
    server.send::<Account>(&session.address(), command).await??;
    let address = connection::address(account, &provider.id);
    let command = ConnectionCommand::Connect(parties, sealed, scope);
    let answer = server.send::<Connection>(&address, command).await?;
    answer.map(|_| ()).map_err(|error| Failure::internal(error.to_string()))
}

/// Tells the app or the person that nothing was connected.
///
/// # Errors
/// Only what is ours.
pub(in crate::endpoints) async fn refused(
    server: &Server<'_>,
    request: &Request<'_>,
    connecting: &Connecting,
    status: u16,
    message: String,
) -> Result<Response, Failure> {
    match &connecting.app {
        Some(_) => {
            let code = match status {
                403 => "access_denied",
                503 => "temporarily_unavailable",
                _ => "server_error",
            };
            Ok(back(server, connecting.app.as_ref(), Some(code)))
        }
        None => account::refused(server, request, status, message).await,
    }
}

/// Back to the app, with what came of it; or to the account page.
fn back(server: &Server<'_>, app: Option<&ConnectRequest>, error: Option<&str>) -> Response {
    let Some(app) = app else {
        return Response::see_other(&server.url("/account"));
    };
    let mut pairs = vec![("iss", server.issuer.as_str())];
    match error {
        Some(code) => pairs.push(("error", code)),
        None => pairs.push(("connection", &app.provider)),
    }
    pairs.extend(app.state.as_deref().map(|state| ("state", state)));
    Response::see_other(&parameters::add_to_query(&app.redirect_uri, pairs))
}
