//! Sign-in with email address and password.

mod page;
mod password;

pub(super) use self::page::{flow, page, provider_links};

use super::browser;
use super::failure::Failure;
use super::form::{self, FormPage, OUT_OF_DATE};
use super::http::{Request, Response};
use super::interaction::{Interaction, PendingLink};
use super::outcome::{Outcome, SignInPage};
use super::server::Server;
use super::upstream::{company, reconcile, start};
use super::waiting::Waiting;
use crate::domain::account::NewSession;
use crate::pages::sign_in::StartOver;
use crate::upstream::authorization::AuthorizationParameters;

/// Shows the sign-in page.
///
/// # Errors
/// A page if the interaction has expired.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let query = request.query()?;
    let interaction = Interaction::open(server, request, query.get("flow"))?;
    let asked = interaction.authorization();
    let hint = asked.and_then(|authorization| authorization.login_hint.clone());
    let shown = SignInPage::hint(hint.unwrap_or_default());
    Ok(Outcome::ShowSignIn(interaction, shown))
}

/// Signs the user in and resumes the interrupted request. A wrong address and a wrong password get the same response
/// after the same time.
///
/// # Errors
/// A page if the form is not this server's own or the interaction has expired.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let came_at = server.now();
    let form = match form::of_browser(server, request)? {
        Ok(form) => form,
        Err(outdated) => {
            let interaction = Interaction::open(server, request, outdated.flow())?;
            let email = outdated.typed.get("email").unwrap_or_default().to_owned();
            let (notice, asks_password) = (Some(outdated.notice), outdated.had_password);
            let shown = SignInPage {
                status: OUT_OF_DATE,
                notice,
                asks_password,
                ..SignInPage::hint(email)
            };
            return Ok(Outcome::ShowSignIn(interaction, shown));
        }
    };
    let interaction = Interaction::open(server, request, form.get("flow"))?;
    if let Interaction::Link(pending) = &interaction {
        match form.get("decision") {
            Some("not-mine") => {
                return start_over(server, request, pending).map(Outcome::Answer);
            }
            Some("start-over") => {
                return reconcile::take_address(server, request, *pending.clone()).await;
            }
            _ => {}
        }
    }
    let email = form.get("email").unwrap_or_default().trim().to_owned();
    // Users of a company sign in at the company's provider, even if they type a password here.
    if let Some(company) = company::of(server, &email).await? {
        let hint = AuthorizationParameters {
            login_hint: Some(email),
            ..AuthorizationParameters::default()
        };
        return start::to_provider(server, request, company, interaction, hint).await;
    }
    if form.get("password").is_none() && company::any(server) && !email.is_empty() {
        let shown = SignInPage { asks_password: true, ..SignInPage::hint(email) };
        return Ok(Outcome::ShowSignIn(interaction, shown));
    }
    let (waiting, asks) = Waiting::new(server, interaction.clone()).await?;
    // Anyone can send a browser here with `Interaction::Confirm`, so only a link counts as a confirmation.
    let confirms = matches!(interaction, Interaction::Link(_));
    let session = NewSession { asks, confirms, ..browser::new_session(server, request) };
    let password = form.get("password").unwrap_or_default();
    let credentials = password::TypedCredentials { email: &email, password };
    match password::sign_in(server, request, credentials, session).await? {
        Ok((account, signed_in)) => waiting.signed_in(server, account, signed_in).await,
        Err(refused) => {
            if refused != password::Refused::Exhausted {
                password::wait_for_whole_second(server, came_at).await?;
            }
            let error = SignInPage::error(refused.status(), refused.to_string());
            let shown = SignInPage { email, asks_password: true, ..error };
            Ok(Outcome::ShowSignIn(interaction, shown))
        }
    }
}

/// Asks again before the account with the address is left to the person who created it.
fn start_over(
    server: &Server<'_>,
    request: &Request<'_>,
    pending: &PendingLink,
) -> Result<Response, Failure> {
    let interaction = Interaction::Link(Box::new(pending.clone()));
    let form = FormPage::of_browser(server, request).leading_to(interaction.redirect_uri());
    let page = StartOver {
        csrf: &form.csrf,
        flow: &interaction.seal(server)?,
        email: pending.identity.verified_email.as_deref().unwrap_or_default(),
        back: &interaction.address(server, "/sign-in")?,
    };
    Ok(form.render(200, &page))
}
