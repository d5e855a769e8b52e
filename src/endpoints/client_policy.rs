//! What its registration and the settings let a client have.

use super::server::Server;
use super::settings::PkcePolicy;
use crate::domain::client::Client;
use crate::domain::grant::Terms;
use crate::protocol::grant_type::GrantType;
use crate::protocol::scope::{self, Scope};

/// Whether a grant brings a refresh token: the client registered for it, and the person either
/// granted access while away (OpenID Connect Core §11) or the refresh token ends with the session.
pub fn terms(server: &Server<'_>, client: &Client) -> Terms {
    let lifetimes = server.settings.lifetimes;
    let refreshes = client.may_use(GrantType::RefreshToken);
    Terms {
        access_token: lifetimes.access_token,
        refresh_idle: refreshes.then_some(lifetimes.refresh_token_idle),
        grant: lifetimes.grant,
    }
}

/// What of the scopes asked for this client may have: those that it registered, and
/// `offline_access` only where it can refresh.
pub fn allowed_scope(client: &Client, asked: &Scope) -> Scope {
    let refreshes = client.may_use(GrantType::RefreshToken);
    asked
        .intersection(&client.metadata.scope)
        .filter(|token| token != scope::OFFLINE_ACCESS || refreshes)
}

/// Whether the client may leave PKCE out: a public one never (RFC 7636 §4.3, RFC 9700 §2.1.1).
pub fn is_excused_from_pkce(server: &Server<'_>, client: &Client) -> bool {
    !client.metadata.is_public()
        && match client.metadata.require_pkce {
            Some(required) => !required,
            None => server.settings.pkce == PkcePolicy::PublicClients,
        }
}
