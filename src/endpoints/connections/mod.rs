//! Outside accounts that people connect, and the tokens that apps get for them (mode 5).

pub mod connect;
pub mod token;

use super::failure::Failure;
use super::server::Server;
use crate::domain::connection::{self, ConnectionId, Standing};
use crate::upstream::connection::ConnectionClient;

/// What speaks to providers for people's accounts.
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
