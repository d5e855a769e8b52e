//! Links a user's identity at a provider to the account that is signed in.

use crate::domain::account::{Confirmation, Link, LinkError, LinkRequest};
use crate::domain::identity::Identity;
use crate::endpoints::browser::{self, ClaimedSession};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::interaction::PendingLink;
use crate::endpoints::names;
use crate::endpoints::outcome::Outcome;
use crate::endpoints::server::Server;
use crate::protocol::text;

/// Links the identity to the account that started the link, if that account is still signed in.
///
/// # Errors
/// Internal errors only.
pub(in crate::endpoints) async fn link(
    server: &Server<'_>,
    request: &Request<'_>,
    account: &str,
    link: LinkRequest,
) -> Result<Outcome, Failure> {
    let session = browser::claimed_session(request).filter(|held| held.account.as_str() == account);
    let Some(session) = session else {
        let message = "You signed out or switched accounts before this was finished. Sign in and \
                       try again.";
        return Err(Failure::page(403, "Nothing was linked", message));
    };
    match link_to(server, &session, link).await? {
        Ok(()) => Ok(Outcome::see_other(&server.url("/account?done=linked"))),
        Err(message) => Ok(Outcome::ShowAccount(409, message)),
    }
}

/// Links the waiting identity after the user has signed in to the account.
///
/// # Errors
/// Internal errors only.
pub async fn link_pending(
    server: &Server<'_>,
    session: &ClaimedSession,
    pending: &PendingLink,
) -> Result<Result<(), String>, Failure> {
    let confirmation = Confirmation::SignIn;
    let (identity, update) = (pending.identity.clone(), pending.update);
    link_to(server, session, LinkRequest { identity, update, confirmation }).await
}

/// Links an identity to the account of a session. The inner error is for the user.
async fn link_to(
    server: &Server<'_>,
    session: &ClaimedSession,
    request: LinkRequest,
) -> Result<Result<(), String>, Failure> {
    let name = request.identity.identifier();
    let taken = taken(&request.identity);
    let account = session.account.as_str();
    let claimed = match names::owner(server, &name).await? {
        Some(owner) if owner.as_str() == account => false,
        None if names::claim(server, &name, account).await? => true,
        _ => return Ok(Err(taken)),
    };
    let command = Link { session: session.proof.clone(), request };
    let Err(error) = server.ask(&session.address(), command).await? else {
        return Ok(Ok(()));
    };
    if claimed {
        names::unclaim(server, &name, account).await?;
    }
    match error {
        LinkError::TooManyIdentities => Ok(Err(format!("Nothing was linked: {error}."))),
        LinkError::NotConfirmed => Ok(Err(
            "Nothing was linked, because you didn't sign in just now. Sign in and try again."
                .to_owned(),
        )),
        error => Err(error.into()),
    }
}

fn taken(identity: &Identity) -> String {
    format!(
        "{} is linked to another account here. Sign in with it and unlink it there first.",
        text::isolated(identity.label())
    )
}
