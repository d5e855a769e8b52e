//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2).

mod decision;
pub mod request;
pub mod response;

pub use self::decision::{Pending, consented, decide};

use self::decision::ask_to_sign_in;
use self::request::AuthorizationError;
use super::browser::{self, ClaimedSession};
use super::failure::Failure;
use super::http::{MAX_TARGET, Method, Request, Response};
use super::interaction::{AuthorizationRequest, Interaction};
use super::outcome::{Outcome, SignInPage};
use super::server::Server;
use crate::protocol::parameters;

/// Takes an authorization request, by GET or POST.
///
/// # Errors
/// A page if the client or its redirect URI is unknown. All other errors go to the client.
pub async fn authorize(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let parameters = match request.method {
        Method::Post => request.any_form(),
        _ => request.query(),
    };
    let parameters = parameters
        .map_err(|error| Failure::page(400, "This sign-in can't continue", error.description))?;
    let session = browser::claimed_session(request);
    // Browsers leave out the session cookie when another site posts a form (SameSite=Lax), but send it when the same
    // request comes as a link. So redirect to that link.
    if request.method == Method::Post && session.is_none() {
        let query = parameters::encode(parameters.pairs());
        if query.len() < MAX_TARGET {
            return Ok(Outcome::see_other(&format!("{}?{query}", server.url("/authorize"))));
        }
    }
    match request::parse(server, &parameters).await? {
        Ok(authorization) => match session {
            Some(session) => {
                Ok(Outcome::Resume(Interaction::Authorize(Box::new(authorization)), session))
            }
            None => begin(server, authorization),
        },
        Err(refusal) => refuse(server, session, refusal).await.map(Outcome::Answer),
    }
}

/// Sends the error to the client by redirect. For an unverified client, if nobody is signed in, it shows the error on a
/// page instead: a redirect would make this server an open redirector (RFC 9700 §4.11.2).
async fn refuse(
    server: &Server<'_>,
    session: Option<ClaimedSession>,
    AuthorizationError { redirects, client, to, error }: AuthorizationError,
) -> Result<Response, Failure> {
    if redirects {
        return Ok(to.error(server, &error));
    }
    let is_signed_in = match session {
        Some(session) => session.read(server).await?.is_some(),
        None => false,
    };
    if is_signed_in {
        Ok(to.error(server, &error))
    } else {
        Ok(to.error_page(server, &client, &error))
    }
}

/// Without a session, responds with the sign-in page itself, which saves a redirect.
fn begin(server: &Server<'_>, authorization: AuthorizationRequest) -> Result<Outcome, Failure> {
    if authorization.prompt.none || authorization.prompt.create {
        return ask_to_sign_in(server, authorization).map(Outcome::Answer);
    }
    let hint = authorization.login_hint.clone().unwrap_or_default();
    let interaction = Interaction::Authorize(Box::new(authorization));
    Ok(Outcome::ShowSignIn(interaction, SignInPage::hint(hint)))
}
