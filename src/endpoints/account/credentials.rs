//! Changes the password, and deletes the account.

use super::confirm::{self, Unconfirmed};
use super::page::{password_refused, redraw, refused, signed_in_form};
use crate::domain::account::{
    ChangePassword, ChangePasswordError, Confirmation, Erase, EraseError, PasswordChange,
};
use crate::domain::password::NewPassword;
use crate::endpoints::browser::{self, ClaimedSession};
use crate::endpoints::failure::Failure;
use crate::endpoints::form::{self, FormPage};
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::upstream::company;
use crate::pages::account::DeleteAccount;
use crate::pages::message::Message;

/// Changes the password, or sets the first one.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
pub async fn password(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    let Some(view) = session.read(server).await? else {
        return Err(Failure::SignedOut);
    };
    let Some(email) = view.email else {
        let message = "Your account has no email address, so you can't set a password.";
        return refused(server, request, 409, message.to_owned()).await;
    };
    // The company decides how its users sign in, and a password here would still work after they leave it. A user who
    // already has a password may change it.
    if !view.has_password
        && let Some(company) = company::of(server, &email).await?
    {
        let message =
            format!("You sign in with {}, so your account needs no password.", company.name);
        return refused(server, request, 409, message).await;
    }
    let keeps_apps = form.get("keep_apps").is_some();
    let refuse = |message: String| password_refused(server, request, keeps_apps, message);
    let new = match NewPassword::parse(form.get("new_password").unwrap_or_default(), &email) {
        Ok(new) => new,
        Err(error) => return refuse(error.to_string()).await,
    };
    let confirmation = match confirm::confirm(server, request, &session, &form).await? {
        (_, Ok(confirmation)) => confirmation,
        (_, Err(why)) => return refuse(why.to_string()).await,
    };
    let change = PasswordChange { confirmation, password: new.into(), keeps_apps };
    let command = ChangePassword { session: session.proof.clone(), change };
    let proof = match server.ask(&session.address(), command).await? {
        Ok(proof) => proof,
        Err(ChangePasswordError::NotConfirmed) => {
            return refuse(Unconfirmed::SignInAgain.to_string()).await;
        }
        Err(error) => return Err(error.into()),
    };
    let done = match (view.has_password, keeps_apps) {
        (false, false) => "first-password",
        (true, false) => "password",
        (_, true) => "password-alone",
    };
    let response = Response::see_other(&server.url(&format!("/account?done={done}")));
    let session = ClaimedSession { account: session.account, proof };
    Ok(response.with_cookies(&[browser::session_cookie(server, &session)]))
}

/// Shows the page that asks whether to delete the account.
///
/// # Errors
/// Internal errors only.
pub async fn confirm_delete(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    ask_to_delete(server, request, None).await
}

/// Renders the page that asks for confirmation; `notice` says why it is shown again.
async fn ask_to_delete(
    server: &Server<'_>,
    request: &Request<'_>,
    notice: Option<&'static str>,
) -> Result<Response, Failure> {
    let view = match browser::claimed_session(request) {
        Some(session) => session.read(server).await?,
        None => None,
    };
    let Some(view) = view else {
        return Ok(Response::see_other(&server.url("/sign-in")));
    };
    let form = FormPage::of_session(server, request)?.with_notice(notice);
    let page = DeleteAccount {
        csrf: &form.csrf,
        label: view.label(),
        has_password: view.has_password,
        error: None,
    };
    Ok(form.render(form.status(), &page))
}

/// Deletes the account.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
pub async fn delete(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = match form::of_session(server, request)?.signed_in()? {
        Ok(sent) => sent,
        // A second click in the same place must not delete another account.
        Err(outdated) if outdated.is_of_other_account => {
            return redraw(server, request, &outdated).await;
        }
        Err(outdated) => return ask_to_delete(server, request, Some(outdated.notice)).await,
    };
    let (view, shown) = confirm::confirm(server, request, &session, &form).await?;
    let refuse = |why: Unconfirmed| {
        let form = FormPage::of_session(server, request)?;
        let page = DeleteAccount {
            csrf: &form.csrf,
            label: view.label(),
            has_password: view.has_password,
            error: Some(&why.to_string()),
        };
        Ok(form.render(422, &page))
    };
    let confirmation = match shown {
        Ok(confirmation) => confirmation,
        // The account accepts less evidence for deletion than for other changes, so let it decide.
        Err(Unconfirmed::SignInAgain) => Confirmation::SignIn,
        Err(why) => return refuse(why),
    };
    let command = Erase { session: session.proof.clone(), confirmation };
    match server.ask(&session.address(), command).await? {
        Ok(()) => {}
        Err(EraseError::NotConfirmed) => return refuse(Unconfirmed::SignInAgain),
        Err(EraseError::HasApps) => {
            let message = "You have registered apps, which others may use. Delete them first, on \
                           the developers' page.";
            return refused(server, request, 409, message.to_owned()).await;
        }
        Err(error) => return Err(error.into()),
    }
    let page = Message {
        title: "Your account was deleted",
        text: "Your data was erased, and apps no longer have access.",
        link: None,
    };
    Ok(browser::without_session(browser::html(server, 200, &page)))
}
