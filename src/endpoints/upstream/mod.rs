//! Sign-in through other providers: the redirect to them, and the account that a user gets.

pub mod company;
pub mod link;
pub mod login;
pub mod logout;
pub mod reconcile;
pub mod start;
pub mod verdict;

use super::server::Server;
use crate::domain::account::Membership;
use crate::upstream::provider::Provider;

/// The provider with this `id`.
pub(super) fn find<'a>(server: &'a Server<'_>, id: &str) -> Option<&'a Provider> {
    server.settings.providers.iter().find(|provider| provider.id == id)
}

/// Whether the settings still let the provider assert groups and roles.
pub(super) fn is_believed(server: &Server<'_>, membership: &Membership) -> bool {
    find(server, &membership.provider).is_some_and(|p| p.asserts_membership)
}

/// The redirect URI for a provider. Each provider has its own, so that no provider can pass its response off as
/// another's (RFC 9700 §4.4.2).
pub(super) fn redirect_uri(server: &Server<'_>, provider: &Provider) -> String {
    server.url(&format!("/callback/{}", provider.id))
}
