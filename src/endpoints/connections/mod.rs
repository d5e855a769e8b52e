//! Outside accounts that people connect, and the tokens that apps get for them (mode 5).

pub mod connect;
mod keep;
pub mod token;

use super::account;
use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use crate::domain::account::AccountCommand;
use crate::domain::connection::{self, ConnectionId, Standing};
use crate::upstream::connection::Connections;

/// What speaks to providers for people's accounts.
fn connections<'a>(server: &'a Server<'_>) -> Connections<'a> {
    Connections {
        ports: server.ports,
        providers: &server.settings.providers,
        sealer: &server.settings.sealer,
    }
}

fn not_offered() -> Failure {
    Failure::page(
        404,
        "Nothing can be connected here",
        "This service does not connect accounts of that provider. Go back to where you came from.",
    )
}

/// How a connection stands; none where there is none.
///
/// # Errors
/// Only what is ours.
pub(super) async fn standing(
    server: &Server<'_>,
    account: &str,
    id: &ConnectionId,
) -> Result<Option<Standing>, Failure> {
    let address = connection::address(account, id);
    Ok(server.ask(&address, connection::Read).await?.ok())
}

/// Disconnects an outside account: the provider is told, and what was kept is erased.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn disconnect(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = account::signed_in_form(server, request).await?;
    let provider = form.get("provider").unwrap_or_default();
    let id = ConnectionId::new(provider, form.get("client_id")).ok_or_else(not_offered)?;
    let command = AccountCommand::Disconnect(session.proof.clone(), id);
    account::tell(server, &session, command, "disconnected").await
}
