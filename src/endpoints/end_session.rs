//! Logout that an app starts (OpenID Connect RP-Initiated Logout 1.0).

use super::browser;
use super::failure::Failure;
use super::form::{self, FormPage, SessionForm};
use super::http::{MAX_TARGET, Method, Request, Response};
use super::server::Server;
use super::upstream::logout;
use super::verify::{self, Hint};
use crate::domain::client::Client;
use crate::jose::access_token::Audience;
use crate::jose::id_token::IdToken;
use crate::pages::message::{ConfirmSignOut, Message, ReturnToApp};
use crate::pages::who_asks::WhoAsks;
use crate::protocol::parameters::{self, Parameters};
use crate::protocol::redirect_uri::form_action_source;

/// An app's logout request, validated.
struct Logout {
    hint: Option<Box<IdToken>>,
    /// Where the browser is redirected, with `state`.
    to: Option<String>,
    /// The app that `to` belongs to.
    client: Option<Client>,
}

/// Ends the session: at once if the request carries an ID token of that session, otherwise after asking the user,
/// because anyone can send a browser here (§6).
///
/// # Errors
/// A page if the request names a URI that its client did not register.
pub async fn end_session(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let parameters = match request.method {
        Method::Post => request.form(),
        _ => request.query(),
    };
    let parameters = parameters
        .map_err(|error| Failure::page(400, "Sign-out can't continue", error.description))?;
    // Browsers leave out the session cookie when another site posts a form (SameSite=Lax), but send it when the same
    // request comes as a link. So redirect to that link.
    let bare = browser::claimed_session(request).is_none() && parameters.get("csrf").is_none();
    if request.method == Method::Post && bare {
        let query = parameters::encode(parameters.pairs());
        if query.len() < MAX_TARGET {
            return Ok(Response::see_other(&format!("{}?{query}", server.url("/end_session"))));
        }
    }
    let logout = parse(server, &parameters).await?;
    let is_form = parameters.get("csrf").is_some();
    let (confirmed, notice) = match is_form.then(|| form::of_session(server, request)) {
        Some(form) => match form? {
            SessionForm::Current(..) => (true, None),
            SessionForm::Outdated(outdated) => (false, Some(outdated.notice)),
            SessionForm::SignedOut(_) => (false, None),
        },
        None => (false, None),
    };
    let session = match browser::claimed_session(request) {
        Some(claimed) => claimed.read(server).await?.map(|view| (claimed, view)),
        None => None,
    };
    let Some((claimed, view)) = session else {
        // A browser without the session's cookie has no session here. An ID token without the cookie ends
        // no session: it is only a hint (RP-Initiated Logout §2), and many parties may have seen it.
        return Ok(lead_on(server, logout));
    };
    let named =
        logout.hint.as_ref().is_some_and(|hint| hint.sub == view.account && hint.sid == view.sid);
    if notice.is_some() || (!named && !confirmed) {
        let form = FormPage::of_session(server, request)?.with_notice(notice);
        return Ok(ask(server, form, &parameters, (view.label(), &logout)));
    }
    claimed.end(server).await?;
    let to = logout.to.unwrap_or_else(|| server.url("/signed-out"));
    let response = logout::onward(server, request, view.origin.as_ref(), to).await?;
    Ok(browser::without_session(response))
}

/// Redirects a browser without a session to `logout.to`. For an unverified app it shows a page with a link
/// instead, because anyone can send a browser here (RFC 9700 §4.11.2).
fn lead_on(server: &Server<'_>, logout: Logout) -> Response {
    let Some(to) = logout.to else {
        return Response::see_other(&server.url("/signed-out"));
    };
    match logout.client.filter(|client| server.settings.is_unverified(client)) {
        None => Response::see_other(&to),
        Some(client) => {
            let page = ReturnToApp {
                title: "You are signed out",
                text: "You can close this page, or return to the app.",
                address: Some(&to),
                redirect_uri: "",
                pairs: &[],
                who: WhoAsks::new(&client, true, Some(&to)),
            };
            browser::html(server, 200, &page)
        }
    }
}

async fn parse(server: &Server<'_>, parameters: &Parameters) -> Result<Logout, Failure> {
    let refused = |message: &str| Failure::page(400, "Sign-out can't continue", message);
    let hint = match parameters.get("id_token_hint") {
        None => None,
        Some(hint) => match verify::id_token_hint(server, hint).await? {
            Hint::Known(hint) => Some(hint),
            // A deleted client can't ask for a logout, so the user is asked.
            Hint::OfDeletedClient => None,
            Hint::Unknown => {
                return Err(refused(
                    "The app sent an ID token that this server didn't issue (id_token_hint).",
                ));
            }
        },
    };
    let audience = hint.as_ref().and_then(|hint| match &hint.aud {
        Audience::One(client_id) => Some(client_id.as_str()),
        Audience::Many(_) => None,
    });
    let client_id = match (parameters.get("client_id"), audience) {
        (Some(sent), Some(audience)) if sent != audience => {
            return Err(refused("The app sent another app's ID token (id_token_hint)."));
        }
        (sent, audience) => sent.or(audience),
    };
    let mut leads_to = None;
    let to = match parameters.get("post_logout_redirect_uri") {
        None => None,
        Some(uri) => {
            let client = match client_id {
                Some(client_id) => server.client(client_id).await?,
                None => None,
            };
            let registered = client.as_ref().is_some_and(|client| {
                client.metadata.post_logout_redirect_uris.iter().any(|r| r == uri)
            });
            if !registered {
                return Err(refused("The app's post_logout_redirect_uri isn't registered."));
            }
            leads_to = client;
            let state = parameters.get("state").map(|state| ("state", state));
            Some(match state {
                Some(pair) => parameters::add_to_query(uri, [pair]),
                None => uri.to_owned(),
            })
        }
    };
    Ok(Logout { hint, to, client: leads_to })
}

fn ask(
    server: &Server<'_>,
    form: FormPage<'_, '_>,
    parameters: &Parameters,
    (email, logout): (&str, &Logout),
) -> Response {
    let to = logout.to.as_deref();
    // The response may redirect to the provider at which the session began.
    let mut form = form.leading_to(Some(&server.issuer));
    form.leads_to = to.and_then(form_action_source).or(form.leads_to);
    let carried = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];
    let pairs: Vec<_> = parameters.pairs().filter(|(name, _)| carried.contains(name)).collect();
    // Anyone can register an app and send a browser here, so the page says where the user goes next (RFC 9700 §4.11.2).
    let who = logout.client.as_ref();
    let who = who.map(|client| WhoAsks::new(client, server.settings.is_unverified(client), to));
    form.render(form.status(), &ConfirmSignOut { csrf: &form.csrf, email, pairs: &pairs, who })
}

/// Tells the user that they are signed out.
///
/// # Errors
/// None.
pub async fn signed_out(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    let sign_in = server.url("/sign-in");
    let page = Message {
        title: "You are signed out",
        text: "You can close this page, or sign in again.",
        link: Some(("Sign in", &sign_in)),
    };
    Ok(browser::html(server, 200, &page))
}
