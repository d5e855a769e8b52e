//! Outside accounts that users connect, and the tokens that apps get for them (mode 5).

pub mod connect;
pub mod token;

use super::failure::Failure;
use super::server::Server;
use crate::domain::connection::{self, ConnectionId, Standing};
use crate::upstream::connection::ConnectionClient;

/// The client that requests tokens from providers.
fn connections<'a>(server: &'a Server<'_>) -> ConnectionClient<'a> {
    ConnectionClient {
        ports: server.ports,
        providers: &server.settings.providers,
        sealer: &server.settings.sealer,
    }
}

pub(super) fn not_offered() -> Failure {
    Failure::page(
        404,
        "This account can't be connected",
        "This service doesn't connect accounts of that provider. Go back to the previous page.",
    )
}

/// The state of a connection; `None` if there is none.
///
/// # Errors
/// Internal errors only.
pub(super) async fn standing(
    server: &Server<'_>,
    account: &str,
    id: &ConnectionId,
) -> Result<Option<Standing>, Failure> {
    let address = connection::address(account, id);
    Ok(server.ask(&address, connection::Read).await?.ok())
}
