//! Connects an outside account: the user consents here first, then at the provider.

mod keep;
mod request;
mod result;

pub(in crate::endpoints) use self::result::{finish, refused};

use self::request::{offered, open_flow, read, registered};
use self::result::back;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::form::{self, FormPage, SessionForm};
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::{ConnectRequest, Interaction};
use crate::endpoints::outcome::Outcome;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::login::{Connecting, Intent};
use crate::endpoints::upstream::start::{self, Begin, Departure};
use crate::pages::connect::Connect;
use crate::pages::who_asks::WhoAsks;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::{self, Scope};
use crate::upstream::authorization::AuthorizationParameters;
use crate::upstream::provider::Provider;

/// Shows the page that asks whether to connect.
///
/// # Errors
/// A page if the app or the provider is unknown.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (provider, allowed) = offered(server, request.path_parameter())?;
    let asked = read(server, request, (provider, allowed)).await?;
    page(server, request, (provider, allowed), (asked, None)).await
}

/// Renders the page; `notice` says why it is shown again.
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
    // The response redirects to the provider, and from there to the app.
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

/// Takes the user's decision, and redirects to the provider.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
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

/// Redirects to the sign-in page. The app's request waits.
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
        // With `openid`, the response identifies the account.
        scope.insert(scope::OPENID);
    }
    let parameters =
        AuthorizationParameters { scope, connects: true, ..AuthorizationParameters::default() };
    let intent = Intent::Connect(connecting.clone());
    match start::begin(server, request, provider, Departure { intent, since: None, parameters })
        .await
    {
        Ok(response) => Ok(response.into()),
        Err(Begin::Failure(failure)) => Err(failure),
        Err(Begin::Upstream(error)) => {
            start::log(server, request, provider, &error);
            let message = format!("{} isn't responding. Try again in a minute.", provider.name);
            refused(server, &connecting, 503, message).await
        }
    }
}
