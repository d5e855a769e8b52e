//! The page that asks which account to continue with (`prompt=select_account`, OpenID Connect Core §3.1.2.1).

use super::browser;
use super::failure::Failure;
use super::form::{self, FormPage, SessionForm};
use super::http::{Request, Response};
use super::interaction::Interaction;
use super::outcome::Outcome;
use super::server::Server;
use super::sign_in;
use crate::pages::sign_in::SelectAccount;

/// Shows the page.
///
/// # Errors
/// A page if the interaction has expired.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    let interaction = Interaction::open(server, request, query.get("flow"))?;
    page(server, request, interaction, None).await
}

/// Renders the page; `notice` says why it is shown again.
async fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    interaction: Interaction,
    notice: Option<&'static str>,
) -> Result<Response, Failure> {
    let to_sign_in = interaction.address(server, "/sign-in")?;
    let session = match browser::claimed_session(request) {
        Some(session) => session.read(server).await?,
        None => None,
    };
    let Some(session) = session else {
        return Ok(Response::see_other(&to_sign_in));
    };
    let form = FormPage::of_session(server, request)?
        .leading_to(interaction.redirect_uri())
        .with_notice(notice);
    let page = SelectAccount {
        csrf: &form.csrf,
        flow: &sign_in::flow(server, &interaction)?,
        email: session.label(),
        other: &to_sign_in,
    };
    Ok(form.render(form.status(), &page))
}

/// Continues with the account that is signed in.
///
/// # Errors
/// A page if the form is not this server's own or the interaction has expired.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let (form, session) = match form::of_session(server, request)? {
        SessionForm::Current(form, session) => (form, Some(session)),
        SessionForm::Outdated(outdated) => {
            let interaction = Interaction::open(server, request, outdated.flow())?;
            let notice = Some(outdated.notice);
            return page(server, request, interaction, notice).await.map(Outcome::Answer);
        }
        SessionForm::SignedOut(form) => (form, None),
    };
    let mut interaction = Interaction::open(server, request, form.get("flow"))?;
    interaction.choose_account();
    // Only a fresh sign-in may complete a link. An existing session doesn't: its cookie may have been copied.
    let needs_sign_in = interaction.needs_fresh_sign_in();
    match session.filter(|_| !needs_sign_in) {
        Some(session) => Ok(Outcome::Resume(interaction, session)),
        None => Ok(Outcome::see_other(&interaction.address(server, "/sign-in")?)),
    }
}
