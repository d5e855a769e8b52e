//! Signing in through other providers: the way there, the way back, and whose account it is.

pub mod account;
pub mod callback;
pub mod company;
pub mod login;
pub mod logout;
pub mod reconcile;
pub mod start;

use super::server::Server;
use crate::upstream::provider::Provider;

/// The provider of that name.
pub(super) fn find<'a>(server: &'a Server<'_>, id: &str) -> Option<&'a Provider> {
    server.settings.providers.iter().find(|provider| provider.id == id)
}

/// Where a provider sends the browser back to: an address of its own for each, so that no provider
/// can pass its answer off as another's (RFC 9700 §4.4.2).
pub(super) fn redirect_uri(server: &Server<'_>, provider: &Provider) -> String {
    server.url(&format!("/callback/{}", provider.id))
}
