//! Ends other access to the account: other browsers that are signed in, and apps.

use super::page::{signed_in_form, tell};
use crate::domain::account::{EndOther, RevokeClient, RevokeScope};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;

/// Signs another browser out.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
pub async fn end_other(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    let other = form.get("session").and_then(|number| number.parse().ok()).unwrap_or_default();
    let command = EndOther { session: session.proof.clone(), other };
    tell(server, &session, command, "session").await
}

/// Removes an app's access, or one scope of it.
///
/// # Errors
/// A page if nobody is signed in or the form is not this server's own.
pub async fn revoke_client(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    let client_id = form.get("client_id").unwrap_or_default().to_owned();
    let proof = session.proof.clone();
    match form.get("scope") {
        None => {
            let command = RevokeClient { session: proof, client_id };
            tell(server, &session, command, "app").await
        }
        Some(scope) => {
            let command = RevokeScope { session: proof, client_id, scope: scope.to_owned() };
            tell(server, &session, command, "scope").await
        }
    }
}
