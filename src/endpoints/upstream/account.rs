//! Linking and unlinking, from the account page.

use super::start::{self, unknown_provider};
use super::{company, find};
use crate::domain::account::session::SessionView;
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply};
use crate::endpoints::account;
use crate::endpoints::account::confirm::{self, Question};
use crate::endpoints::browser::ClaimedSession;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::upstream::provider::Provider;

/// Starts linking, or unlinks, an identity, once the user has confirmed the change.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = account::signed_in_form(server, request)?;
    let (view, shown) = confirm::confirm(server, request, &session, &form).await?;
    let confirmation = match shown {
        Ok(confirmation) => confirmation,
        Err(why) => {
            let provider = form.get("link").and_then(|provider| find(server, provider));
            let reason = match provider {
                Some(provider) => format!("To link {}, show that it's you.", provider.name),
                None => "To unlink this account, show that it's you.".to_owned(),
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
    if let Some(company) = company_of(server, &session, &view, &key).await? {
        let message =
            format!("Your company signs you in with {}, so it stays linked.", company.name);
        return account::refused(server, request, 409, message).await;
    }
    let command = AccountCommand::Unlink(session.proof.clone(), confirmation, key);
    match server.send::<Account>(&session.address(), command).await? {
        Ok(_) => Ok(Response::see_other(&server.url("/account?done=unlinked"))),
        Err(AccountError::LastWayIn) => {
            let message = "That is the only way you can sign in. Set a password or link another \
                           account first.";
            account::refused(server, request, 409, message.to_owned()).await
        }
        Err(AccountError::NotLinked) => {
            Ok(Response::see_other(&server.url("/account?done=unlinked")))
        }
        Err(error) => Err(error.into()),
    }
}

/// The provider of an identity, if it is the one at which the company of the user's address signs them in:
/// without that identity they could not sign in any more.
async fn company_of<'s>(
    server: &'s Server<'_>,
    session: &ClaimedSession,
    view: &SessionView,
    key: &str,
) -> Result<Option<&'s Provider>, Failure> {
    let Some(email) = &view.email else {
        return Ok(None);
    };
    let Some(company) = company::of(server, email).await? else {
        return Ok(None);
    };
    let command = AccountCommand::Overview(session.proof.clone());
    let linked = match server.send::<Account>(&session.address(), command).await?? {
        AccountReply::Overview(overview) => overview.identities,
        _ => return Err(Failure::internal("an overview was answered by something else")),
    };
    let is_the_companys = linked.iter().any(|(k, row)| k == key && row.provider == company.id);
    Ok(Some(company).filter(|_| is_the_companys))
}
