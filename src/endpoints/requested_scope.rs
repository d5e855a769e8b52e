//! The scope of a request, reduced to what the client may have (RFC 6749 §3.3).

use super::client_policy::allowed_scope;
use super::failure::Failure;
use super::server::Server;
use crate::domain::client::Client;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::{self, Scope};

/// The scope of a request.
pub struct RequestedScope {
    /// What the client may have of it.
    pub allowed: Scope,
    /// The rest, which is left out.
    pub left_out: Scope,
}

/// Reads `scope`. Leaves out scopes that the client did not register, and `offline_access` if the client can't
/// refresh. The token response says what was granted, and the log says what was left out.
///
/// # Errors
/// `invalid_scope` if the value can't be read or none of its scopes is left.
pub fn read(
    server: &Server<'_>,
    client: &Client,
    value: Option<&str>,
) -> Result<RequestedScope, Failure> {
    let Some(value) = value else {
        return Ok(RequestedScope { allowed: Scope::default(), left_out: Scope::default() });
    };
    let asked = Scope::parse(value)?;
    let allowed = allowed_scope(client, &asked);
    if allowed.is_empty() && !asked.is_empty() {
        let description = "this client registered none of the requested scopes";
        return Err(OAuthError::new(ErrorCode::InvalidScope, description).into());
    }
    let left_out = asked.filter(|token| !allowed.contains(token));
    log_left_out(server, client, &left_out);
    Ok(RequestedScope { allowed, left_out })
}

impl RequestedScope {
    /// What was left out, for the page that asks the user. Empty in production, where anyone could put any text there.
    pub fn shown_as_left_out(&self, server: &Server<'_>) -> Scope {
        if server.settings.development { self.left_out.clone() } else { Scope::default() }
    }
}

/// Logs by name the scopes that this server knows. It only counts the others, because anyone can put any text
/// there; in development, it names them too.
fn log_left_out(server: &Server<'_>, client: &Client, left_out: &Scope) {
    if left_out.is_empty() {
        return;
    }
    let resources = &server.settings.resources;
    let known = left_out
        .filter(|token| scope::STANDARD.contains(&token) || resources.words(token).is_some());
    let (id, others) = (&client.client_id, left_out.len().saturating_sub(known.len()));
    let names = if server.settings.development {
        left_out.to_string()
    } else {
        format!("{known} ({others} more that this server doesn't know)")
    };
    let message =
        format!("the client {id} requested scopes that it can't have; they were left out: {names}");
    server.ports.log.error(&message);
}
