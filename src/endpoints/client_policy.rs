//! What a client may have under its registration and the settings.

use super::server::Server;
use super::settings::PkcePolicy;
use crate::domain::client::Client;
use crate::domain::grant::Terms;
use crate::protocol::grant_type::GrantType;
use crate::protocol::scope::{self, Scope};

/// The lifetimes of a grant to this client. It includes refresh tokens only if the client registered the grant type
/// `refresh_token`.
pub fn terms(server: &Server<'_>, client: &Client) -> Terms {
    let lifetimes = server.settings.lifetimes;
    let refreshes = client.may_use(GrantType::RefreshToken);
    Terms {
        access_token: lifetimes.access_token,
        refresh_idle: refreshes.then_some(lifetimes.refresh_token_idle),
        grant: lifetimes.grant,
    }
}

/// The requested scopes that this client may have: those that it registered, and `offline_access` only if it can
/// refresh.
pub fn allowed_scope(client: &Client, asked: &Scope) -> Scope {
    let refreshes = client.may_use(GrantType::RefreshToken);
    asked
        .intersection(&client.metadata.scope)
        .filter(|token| token != scope::OFFLINE_ACCESS || refreshes)
}

/// Whether the client may omit PKCE. A public client never may (RFC 7636 §4.3, RFC 9700 §2.1.1).
pub fn is_excused_from_pkce(server: &Server<'_>, client: &Client) -> bool {
    !client.metadata.is_public()
        && match client.metadata.require_pkce {
            Some(required) => !required,
            None => server.settings.pkce == PkcePolicy::PublicClients,
        }
}
