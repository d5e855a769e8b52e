//! Gives apps fresh tokens of outside accounts, if the user allowed it.

use serde::Serialize;

use super::connections;
use crate::domain::account::{Connections, GrantError, UsableConnections};
use crate::domain::connection::{
    self, Broken, ConnectionId, FreshToken, Reseal, Standing, Token, TokenError,
};
use crate::domain::machine::Address;
use crate::domain::time::Seconds;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::verify;
use crate::jose::access_token::AccessToken;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::{CONNECTION, Scope};

/// How long a caller waits for a refresh that another caller started.
const PATIENCE: Seconds = Seconds(20);

/// A token of an outside account, in the format of RFC 6749 §5.1.
#[derive(Serialize)]
struct OutsideToken {
    access_token: String,
    token_type: &'static str,
    /// In seconds; left out if the provider doesn't say.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u32>,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    provider: String,
}

/// The calling app: its access token, and the connections that it may use.
struct Caller {
    token: AccessToken,
    connections: Vec<ConnectionId>,
}

impl Caller {
    fn connection(&self, provider: &str) -> Option<&ConnectionId> {
        self.connections.iter().find(|id| id.provider() == provider)
    }
}

/// Checks the app's access token, which must be active and issued for this server. The same call asks the
/// account which connections the app may use: to `provider`, or else to each provider in the token's scope.
async fn caller(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: Option<&str>,
) -> Result<Caller, Failure> {
    let token = verify::bearer_access_token(server, request).await?;
    let grant_id = token.grant_id.clone().ok_or_else(verify::inactive)?;
    if !token.aud.contains(&server.issuer) {
        return Err(insufficient("the access token is for another resource"));
    }
    let providers = match provider {
        Some(provider) => vec![provider.to_owned()],
        None => providers(&token.scope).map(String::from).collect(),
    };
    let (jti, client_id) = (token.jti.clone(), token.client_id.clone());
    let command = Connections { grant_id, jti, client_id, providers };
    match server.ask(&Address::Id(token.sub.clone()), command).await? {
        Ok(UsableConnections { scope, connections }) => {
            // Leave out scopes that the user has removed since the token was issued.
            let token = AccessToken { scope: token.scope.intersection(&scope), ..token };
            Ok(Caller { token, connections })
        }
        Err(GrantError::NoGrant | GrantError::Unknown) => Err(verify::inactive()),
    }
}

/// The providers, by `id`, that a scope's `connection:` values name.
fn providers(scope: &Scope) -> impl Iterator<Item = &str> {
    scope.iter().filter_map(|token| token.strip_prefix(CONNECTION))
}

fn insufficient(description: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::Bearer(OAuthError::new(ErrorCode::InsufficientScope, description))
}

/// Returns a fresh token of the outside account that the user connected. That takes two calls to objects, and at most
/// one refresh at the provider, however many callers ask at once.
///
/// # Errors
/// The bearer token errors of RFC 6750 §3.1 for the app's own token; `interaction_required` if the user must connect
/// (again); `invalid_scope` if the provider grants more than the user approved; `temporarily_unavailable` if the
/// provider doesn't respond.
pub async fn token(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let provider = request.path_parameter().strip_suffix("/token").unwrap_or_default();
    let caller = caller(server, request, Some(provider)).await?;
    let token = &caller.token;
    let wanted = format!("{CONNECTION}{provider}");
    if provider.is_empty() || !token.scope.contains(&wanted) {
        return Err(insufficient(format!("the scope {wanted} is required")));
    }
    let Some(id) = caller.connection(provider) else {
        return Ok(refused(server, provider, TokenError::NotConnected));
    };
    let address = connection::address(&token.sub, id);
    let FreshToken { access_token: sealed, expires_at, scope } =
        match server.wait(&address, Token, PATIENCE).await? {
            Ok(fresh) => fresh,
            Err(error) => return Ok(refused(server, provider, error)),
        };
    let Ok(opened) = connections(server).open(&token.sub, &sealed) else {
        return Ok(refused(server, provider, Broken::Unopenable.into()));
    };
    if let Some(to) = opened.resealed {
        // If it can't be stored now, the next request stores it.
        if let Err(error) = server.ask(&address, Reseal { from: sealed, to }).await {
            let log = server.ports.log;
            log.error(&format!("storing a token that was sealed again failed: {}", error.0));
        }
    }
    let answer = OutsideToken {
        access_token: opened.token,
        token_type: "Bearer",
        expires_in: expires_at.map(|moment| server.now().seconds_until(moment)),
        scope,
        provider: provider.to_owned(),
    };
    Ok(Response::json(200, &answer))
}

/// The error for the app: where to send the user, or when to try again.
fn refused(server: &Server<'_>, provider: &str, error: TokenError) -> Response {
    #[derive(Serialize)]
    struct Body {
        error: &'static str,
        error_description: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        connect_uri: Option<String>,
    }
    let (status, code, connects) = match error {
        TokenError::Broken(Broken::Wider) => (409, ErrorCode::InvalidScope, true),
        TokenError::NotConnected | TokenError::Broken(_) => {
            (409, ErrorCode::InteractionRequired, true)
        }
        TokenError::Pending | TokenError::Unavailable => {
            (503, ErrorCode::TemporarilyUnavailable, false)
        }
    };
    let body = Body {
        error: code.as_str(),
        error_description: error.to_string(),
        connect_uri: connects.then(|| server.url(&format!("/connect/{provider}"))),
    };
    let response = Response::json(status, &body);
    if connects { response } else { response.with("retry-after", "5") }
}

/// Lists the connections that the app may use, and the state of each.
///
/// # Errors
/// The bearer token errors of RFC 6750 §3.1 for the app's own token.
pub async fn list(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    #[derive(Serialize)]
    struct Line {
        provider: String,
        status: &'static str,
        #[serde(skip_serializing_if = "Scope::is_empty")]
        scope: Scope,
        connect_uri: String,
    }
    let caller = caller(server, request, None).await?;
    let mut lines = Vec::new();
    for provider in providers(&caller.token.scope) {
        let standing = match caller.connection(provider) {
            Some(id) => super::standing(server, &caller.token.sub, id).await?,
            None => None,
        };
        let (status, scope) = match standing {
            Some(Standing { scope, broken: None, .. }) => ("connected", scope),
            Some(Standing { scope, broken: Some(_), .. }) => ("broken", scope),
            _ => ("not_connected", Scope::default()),
        };
        let connect_uri = server.url(&format!("/connect/{provider}"));
        lines.push(Line { provider: provider.to_owned(), status, scope, connect_uri });
    }
    Ok(Response::json(200, &serde_json::json!({ "connections": lines })))
}
