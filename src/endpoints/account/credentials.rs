//! The password, and the way out: both ask that the person has just shown who they are.

use super::{refused, signed_in_form, tell};
use crate::domain::account::session::SessionView;
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply};
use crate::domain::password::{NewPassword, Verified};
use crate::domain::time::Seconds;
use crate::endpoints::browser::{self, ClaimedSession, FormPage};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::pages::account::DeleteAccount;
use crate::pages::message::Message;
use crate::protocol::parameters::Parameters;

/// How long ago a person without a password may have signed in for what else asks for it.
const RECENT: Seconds = Seconds(10 * 60);

/// Who is signed in, and whether they have shown it: by the password, or, where there is none, by a
/// sign-in that is no older than [`RECENT`]. A password counts like one at sign-in.
async fn confirm(
    server: &Server<'_>,
    session: &ClaimedSession,
    form: &Parameters,
) -> Result<(SessionView, Result<(), String>), Failure> {
    let Some(view) = session.read(server).await? else {
        return Err(AccountError::NoSession.into());
    };
    if !view.has_password {
        let recent = server.now() < view.auth_time.plus(RECENT);
        let again = "Sign in again first, then repeat this within ten minutes.".to_owned();
        return Ok((view, if recent { Ok(()) } else { Err(again) }));
    }
    let command = AccountCommand::BeginConfirmation(session.proof.clone());
    let record = match server.send::<Account>(&session.address(), command).await? {
        Ok(AccountReply::Password(record)) => record,
        Ok(_) => return Err(Failure::internal("a confirmation was answered by something else")),
        Err(AccountError::Blocked(blocked)) => {
            let seconds = blocked.retry_after.0;
            let wait = format!("Too many attempts. Wait {seconds} seconds, then try again.");
            return Ok((view, Err(wait)));
        }
        Err(error) => return Err(error.into()),
    };
    let password = form.get("current_password").unwrap_or_default();
    if record.verify(password) == Verified::Wrong {
        server.send::<Account>(&session.address(), AccountCommand::AttemptFailed).await??;
        let wrong = "The current password is wrong. Nothing was changed.".to_owned();
        return Ok((view, Err(wrong)));
    }
    Ok((view, Ok(())))
}

/// Changes the password, or sets the first one.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn password(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request)?;
    let Some(view) = session.read(server).await? else {
        return Err(AccountError::NoSession.into());
    };
    let Some(email) = view.email else {
        let message = "A password needs an e-mail address to sign in with, and your account has \
                       none.";
        return refused(server, request, 409, message.to_owned()).await;
    };
    let new = match NewPassword::parse(form.get("new_password").unwrap_or_default(), &email) {
        Ok(new) => new,
        Err(error) => return refused(server, request, 422, error.to_string()).await,
    };
    if let (_, Err(message)) = confirm(server, &session, &form).await? {
        return refused(server, request, 422, message).await;
    }
    let record = new.hash(server.random()).map_err(|error| Failure::internal(error.to_string()))?;
    let command = AccountCommand::ChangePassword(session.proof.clone(), record);
    tell(server, &session, command, "password").await
}

/// Asks whether to erase the account.
///
/// # Errors
/// Only what is ours.
pub async fn confirm_delete(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    let view = match browser::claimed_session(request) {
        Some(session) => session.read(server).await?,
        None => None,
    };
    let Some(view) = view else {
        return Ok(Response::see_other(&server.url("/sign-in")));
    };
    let form = FormPage::new(server, request);
    let page = DeleteAccount { csrf: &form.csrf, has_password: view.has_password, error: None };
    Ok(form.render(200, &page))
}

/// Erases the account.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn delete(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request)?;
    if let (view, Err(message)) = confirm(server, &session, &form).await? {
        let form = FormPage::new(server, request);
        let page = DeleteAccount {
            csrf: &form.csrf,
            has_password: view.has_password,
            error: Some(&message),
        };
        return Ok(form.render(422, &page));
    }
    let command = AccountCommand::Erase(session.proof.clone());
    match server.send::<Account>(&session.address(), command).await? {
        Ok(_) => {}
        Err(AccountError::HasApps) => {
            let message = "You have registered apps, which others may use. Delete them first, on \
                           the developers' page.";
            return refused(server, request, 409, message.to_owned()).await;
        }
        Err(error) => return Err(error.into()),
    }
    let page = Message {
        title: "Your account is gone",
        text: "Everything that was kept about you here was erased, and every app lost its access.",
        link: None,
    };
    Ok(browser::without_session(browser::html(server, 200, &page, None)))
}
