//! Signs the user out of this browser, from a page of this server (`end_session.rs` is for apps).

use super::account;
use super::browser;
use super::failure::Failure;
use super::form::{self, SessionForm};
use super::http::{Request, Response};
use super::server::Server;
use super::upstream::logout;

/// Signs out of this browser.
///
/// # Errors
/// A page if the form is not this server's own.
pub async fn sign_out(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let origin = match form::of_session(server, request)? {
        SessionForm::Current(_, session) => {
            let origin = session.read(server).await?.and_then(|view| view.origin);
            session.end(server).await?;
            origin
        }
        SessionForm::Outdated(outdated) => {
            return account::redraw(server, request, &outdated).await;
        }
        SessionForm::SignedOut(_) => None,
    };
    let to = server.url("/signed-out");
    let response = logout::onward(server, request, origin.as_ref(), to).await?;
    Ok(browser::without_session(response))
}
