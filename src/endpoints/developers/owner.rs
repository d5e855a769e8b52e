//! Checks who may register apps, and who owns an app.

use crate::domain::account::{Apps, OwnApps, SessionView};
use crate::domain::client::Client;
use crate::endpoints::browser::ClaimedSession;
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;

/// The signed-in user and the client IDs of their apps, if the operator allows the user to register apps.
pub(super) async fn developer(
    server: &Server<'_>,
    session: &ClaimedSession,
) -> Result<(SessionView, Vec<String>), Failure> {
    let apps = server.ask(&session.address(), Apps(session.proof.clone())).await??;
    let OwnApps { session: view, client_ids } = apps;
    if server.settings.developers.allow(&view.claims) {
        return Ok((view, client_ids));
    }
    let message = "Only developers whom the operator has approved can register apps. Ask the operator \
                   for access.";
    Err(Failure::page(403, "You can't register apps here", message))
}

/// The app with this client ID, if the user owns it.
pub(super) async fn own(
    server: &Server<'_>,
    session: &ClaimedSession,
    client_id: &str,
) -> Result<Client, Failure> {
    let (view, _) = developer(server, session).await?;
    let client = server.registered_client(client_id).await?;
    client.filter(|client| client.owner.as_deref() == Some(&view.account)).ok_or_else(|| {
        let message = "It may have been deleted, or it belongs to someone else.";
        Failure::page(404, "App not found", message)
    })
}
