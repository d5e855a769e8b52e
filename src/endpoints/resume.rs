//! Carries out the outcome of an endpoint: shows a page, or resumes the request that a sign-in interrupted.
//!
//! It is the only module above the endpoints, so the only one that decides what follows a sign-in.

use std::future::{Future, ready};
use std::pin::Pin;

use super::browser::ClaimedSession;
use super::failure::Failure;
use super::http::{Request, Response};
use super::interaction::{ConnectRequest, Interaction, PendingLink};
use super::outcome::Outcome;
use super::server::Server;
use super::upstream::link;
use super::{account, authorize, sign_in};
use crate::protocol::user_code::UserCode;

/// The future of an outcome. Boxed, because most requests need none of it (`routes/route.rs` explains why that
/// matters).
type Work<'a> = Pin<Box<dyn Future<Output = Result<Response, Failure>> + 'a>>;

/// Carries out an outcome.
///
/// # Errors
/// The errors of what the outcome runs.
pub fn carry_out<'a>(
    server: &'a Server<'_>,
    request: &'a Request<'_>,
    outcome: Outcome,
) -> Work<'a> {
    match outcome {
        Outcome::Answer(response) => Box::pin(ready(Ok(response))),
        Outcome::Resume(interaction, session) => resume(server, interaction, session),
        Outcome::ShowSignIn(interaction, shown) => {
            Box::pin(ready(sign_in::page(server, request, &interaction, shown)))
        }
        Outcome::ShowAccount(status, message) => {
            Box::pin(account::refused(server, request, status, message))
        }
        Outcome::WithCookies(cookies, outcome) => {
            let inner = carry_out(server, request, *outcome);
            Box::pin(async move { Ok(inner.await?.with_cookies(&cookies)) })
        }
    }
}

/// Resumes the interrupted request: carries it out here, or redirects to its page.
fn resume<'a>(
    server: &'a Server<'_>,
    interaction: Interaction,
    session: ClaimedSession,
) -> Work<'a> {
    let page = match interaction {
        Interaction::Authorize(request) => {
            return Box::pin(authorize::decide(server, *request, session));
        }
        Interaction::Link(pending) => return Box::pin(link_and_resume(server, *pending, session)),
        Interaction::Device(user_code) => Ok(device_page(server, &user_code)),
        Interaction::Connect(request) => connect_page(server, request),
        Interaction::Confirm { .. } => Ok(server.url("/account?done=confirmed")),
        Interaction::Account => Ok(server.url("/account")),
    };
    Box::pin(ready(page.map(|page| Response::see_other(&page))))
}

fn device_page(server: &Server<'_>, user_code: &str) -> String {
    let code = UserCode::parse(user_code);
    let query = code.map(|code| format!("?user_code={code}")).unwrap_or_default();
    server.url(&format!("/device{query}"))
}

fn connect_page(server: &Server<'_>, request: Box<ConnectRequest>) -> Result<String, Failure> {
    let path = format!("/connect/{}", request.provider);
    Interaction::Connect(request).address(server, &path)
}

/// Links the identity that waited for this sign-in, then resumes the request that waited for the link.
async fn link_and_resume(
    server: &Server<'_>,
    pending: PendingLink,
    session: ClaimedSession,
) -> Result<Response, Failure> {
    match link::link_pending(server, &session, &pending).await? {
        Ok(()) => resume(server, pending.next, session).await,
        Err(message) => Err(Failure::page(409, "Nothing was linked", message)),
    }
}
