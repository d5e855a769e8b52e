//! Links and unlinks identities, from the account page.

use super::confirm::{self, Question};
use super::page::{refused, signed_in_form};
use crate::domain::account::{Unlink, UnlinkError, UnlinkRequest};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::upstream::start::{self, unknown_provider};
use crate::endpoints::upstream::{company, find};

/// Starts linking, or unlinks, an identity, once the user has confirmed the change.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    let (view, shown) = confirm::confirm(server, request, &session, &form).await?;
    let confirmation = match shown {
        Ok(confirmation) => confirmation,
        Err(why) => {
            let provider = form.get("link").and_then(|provider| find(server, provider));
            let reason = match provider {
                Some(provider) => format!("To link {}, confirm that it's you.", provider.name),
                None => "To unlink this account, confirm that it's you.".to_owned(),
            };
            let question = Question {
                form: &form,
                why,
                reason,
                back: "/account",
                is_any_sign_in_enough: false,
            };
            return confirm::ask(server, request, &view, question).await;
        }
    };
    if let Some(provider) = form.get("link") {
        let provider = find(server, provider).filter(|provider| provider.signs_in);
        let provider = provider.ok_or_else(unknown_provider)?;
        return start::link_with(server, request, provider, (&session, confirmation)).await;
    }
    let key = form.get("unlink").unwrap_or_default().to_owned();
    let company = match &view.email {
        Some(email) => company::of(server, email).await?,
        None => None,
    };
    let company_id = company.map(|company| company.id.clone());
    let unlink = UnlinkRequest { key, confirmation, company: company_id };
    let command = Unlink { session: session.proof.clone(), request: unlink };
    match server.ask(&session.address(), command).await? {
        Ok(()) => Ok(Response::see_other(&server.url("/account?done=unlinked"))),
        Err(UnlinkError::LastWayIn) => {
            let message = match company {
                Some(company) => format!("You sign in with {}, so it stays linked.", company.name),
                None => "That is the only way you can sign in. Set a password or link another \
                         account first."
                    .to_owned(),
            };
            refused(server, request, 409, message).await
        }
        Err(UnlinkError::NotLinked) => {
            Ok(Response::see_other(&server.url("/account?done=unlinked")))
        }
        Err(error) => Err(error.into()),
    }
}
