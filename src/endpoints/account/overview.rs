//! Reads what the account page shows, and the providers that are linked to the account.

use crate::domain::account::{Overview, ReadOverview};
use crate::endpoints::browser::{self, ClaimedSession};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::server::Server;
use crate::upstream::provider::Provider;

/// The providers of the linked identities, each once.
pub(super) fn providers_of<'s>(server: &'s Server<'_>, overview: &Overview) -> Vec<&'s Provider> {
    let is_linked = |provider: &&Provider| {
        overview.identities.iter().any(|(_, linked)| linked.provider == provider.id)
    };
    server.settings.providers.iter().filter(is_linked).collect()
}

/// The providers of the signed-in user's linked identities.
pub(super) async fn linked_providers<'s>(
    server: &'s Server<'_>,
    request: &Request<'_>,
) -> Result<Vec<&'s Provider>, Failure> {
    let session = browser::claimed_session(request).ok_or(Failure::SignedOut)?;
    Ok(providers_of(server, &read(server, &session).await?))
}

/// Asks the account for everything that its page shows.
pub(super) async fn read(
    server: &Server<'_>,
    session: &ClaimedSession,
) -> Result<Overview, Failure> {
    Ok(server.ask(&session.address(), ReadOverview(session.proof.clone())).await??)
}
