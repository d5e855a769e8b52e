//! Disconnects an outside account, from the account page.

use super::page::{signed_in_form, tell};
use crate::domain::account::Disconnect;
use crate::domain::connection::ConnectionId;
use crate::endpoints::connections::not_offered;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;

/// Disconnects an outside account: revokes its tokens at the provider and erases what was stored.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
pub async fn disconnect(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    let provider = form.get("provider").unwrap_or_default();
    let id = ConnectionId::new(provider, form.get("client_id")).ok_or_else(not_offered)?;
    let command = Disconnect { session: session.proof.clone(), id };
    tell(server, &session, command, "disconnected").await
}
