//! Logout between this server and its providers. A provider's logout ends sessions here (OpenID Connect Back-Channel
//! Logout 1.0), and a logout here can continue at the provider (RP-Initiated Logout 1.0).

use serde::{Deserialize, Serialize};

use super::find;
use super::start::log;
use crate::domain::account::EndUpstreamSessions;
use crate::domain::authentication::SessionOrigin;
use crate::domain::identifier::{LeadsTo, Read};
use crate::domain::machine::Address;
use crate::domain::secret::SecretHash;
use crate::domain::time::{Seconds, Timestamp};
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::jose::jws::{ForeignHeader, Unverified};
use crate::jose::logout_token::{LogoutToken, LogoutTokenError};
use crate::protocol::error::OAuthError;
use crate::protocol::foreign_json::ForeignObject;
use crate::protocol::parameters::{self, Parameters};
use crate::tenant::{ObjectName, Purpose};
use crate::upstream::error::{UpstreamError, log_odd};
use crate::upstream::provider::Provider;
use crate::upstream::{id_token, metadata};

/// Ends the sessions that started in a session at the provider (Back-Channel Logout §2.5 to §2.8).
///
/// # Errors
/// `invalid_request` for a token that isn't a logout token of the provider. The response doesn't reveal whether anyone
/// was signed in.
pub async fn backchannel(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let unknown = || OAuthError::invalid_request("the provider is unknown");
    let provider =
        find(server, request.path_parameter()).filter(|p| p.is_openid()).ok_or_else(unknown)?;
    let form = request.form()?;
    let token = form.get("logout_token").unwrap_or_default();
    let token = match read(server, provider, token).await {
        Ok(token) => token,
        Err(LogoutError::Token(error)) => {
            return Err(OAuthError::invalid_request(error.to_string()).into());
        }
        Err(LogoutError::Upstream(error)) => {
            log(server, request, provider, &error);
            return Err(Failure::internal("a provider's keys could not be fetched"));
        }
    };
    end(server, &token).await?;
    Ok(Response::empty(200).with("cache-control", "no-store"))
}

enum LogoutError {
    Token(LogoutTokenError),
    Upstream(UpstreamError),
}

async fn read(
    server: &Server<'_>,
    provider: &Provider,
    token: &str,
) -> Result<LogoutToken, LogoutError> {
    let refuse = |error| Err(LogoutError::Token(error));
    // Reject malformed tokens before any fetch.
    if Unverified::<ForeignHeader>::parse(token).is_err() {
        return refuse(LogoutTokenError::Malformed);
    }
    let metadata =
        metadata::metadata(&server.ports, provider).await.map_err(LogoutError::Upstream)?;
    let verified = match id_token::verify(&server.ports, provider, &metadata, token).await {
        Ok(verified) => verified,
        Err(UpstreamError::Nonsense(_)) => return refuse(LogoutTokenError::Malformed),
        Err(UpstreamError::Signature) => return refuse(LogoutTokenError::Signature),
        Err(error) => return Err(LogoutError::Upstream(error)),
    };
    // Reject an ID token or access token of the same provider.
    let typ = verified.header.typ.as_deref().unwrap_or("JWT");
    let is_odd = verified.header.odd.contains(&"typ");
    if is_odd || !typ.eq_ignore_ascii_case("logout+jwt") && !typ.eq_ignore_ascii_case("JWT") {
        return refuse(LogoutTokenError::Malformed);
    }
    let Ok(claims) = verified.claims::<ForeignObject>() else {
        return refuse(LogoutTokenError::Malformed);
    };
    let claims = LogoutToken::read(claims).map_err(|error| LogoutError::Token(error.into()))?;
    log_odd(&server.ports, provider, "logout token", &claims.odd);
    let now = server.now().seconds();
    claims.check(&provider.issuer, &provider.client_id, now).map_err(LogoutError::Token)?;
    Ok(claims)
}

/// Ends the user's sessions if the token names the user, otherwise those of the provider's session.
async fn end(server: &Server<'_>, token: &LogoutToken) -> Result<(), Failure> {
    let name = match (&token.sub, &token.sid) {
        (Some(sub), _) => ObjectName::identity(&token.iss, sub),
        (None, Some(sid)) => ObjectName::upstream_session(&token.iss, sid),
        (None, None) => return Ok(()),
    };
    let answer = server.ask(&Address::Name(name), Read).await?;
    let Ok(LeadsTo::Account(account)) = answer else {
        return Ok(());
    };
    let command = EndUpstreamSessions {
        issuer: token.iss.clone(),
        subject: token.sub.clone(),
        sid: token.sid.clone(),
        // Only sessions that started no later than the token: a replayed token must not end later ones.
        begun_before: Timestamp::from_seconds(token.iat.saturating_add(1)),
    };
    // An account that was deleted has no session to end.
    server.ask(&Address::Id(account), command).await?.ok();
    Ok(())
}

/// How long a user may take to sign out at the provider, in seconds.
const AT_THE_PROVIDER: Seconds = Seconds(30 * 60);

/// Where the browser goes after the provider has signed the user out too. It is sealed, bound to the browser that
/// signed out, and expires. Otherwise anyone could make a link that redirects anywhere through this server (RFC 9700
/// §4.11.2).
#[derive(Serialize, Deserialize)]
struct AfterLogout {
    to: String,
    until: Timestamp,
    browser: SecretHash,
}

/// Redirects the browser after a session here has ended. If the session started at a provider with `upstream_logout`,
/// the browser goes there first to sign out, and from there to `to`.
///
/// # Errors
/// Internal errors only.
pub async fn onward(
    server: &Server<'_>,
    request: &Request<'_>,
    origin: Option<&SessionOrigin>,
    to: String,
) -> Result<Response, Failure> {
    let there = match end_session_endpoint(server, request, origin).await? {
        Some(there) => there,
        None => return Ok(Response::see_other(&to)),
    };
    let (provider, endpoint) = there;
    let (token, is_new) = browser::held_or_new_token(server, request);
    let until = server.now().plus(AT_THE_PROVIDER);
    let after = AfterLogout { to, until, browser: SecretHash::of_text(&token) };
    let json = serde_json::to_vec(&after).map_err(Failure::caused_by)?;
    let state = server.seal(Purpose::AfterLogout, &json)?;
    let back = server.url(&format!("/signed-out/{}", provider.id));
    let pairs = [
        ("client_id", provider.client_id.as_str()),
        ("post_logout_redirect_uri", &back),
        ("state", &state),
    ];
    let response = Response::see_other(&parameters::add_to_query(&endpoint, pairs));
    Ok(if is_new { browser::with_csrf(response, &token) } else { response })
}

async fn end_session_endpoint<'s>(
    server: &'s Server<'_>,
    request: &Request<'_>,
    origin: Option<&SessionOrigin>,
) -> Result<Option<(&'s Provider, String)>, Failure> {
    let provider = origin.and_then(|origin| find(server, &origin.provider));
    let Some(provider) = provider.filter(|provider| provider.upstream_logout) else {
        return Ok(None);
    };
    match metadata::metadata(&server.ports, provider).await {
        Ok(metadata) => Ok(metadata.end_session_endpoint.map(|endpoint| (provider, endpoint))),
        Err(error) => {
            // The user is signed out here, as requested, so continue without the provider.
            log(server, request, provider, &error);
            Ok(None)
        }
    }
}

/// The user returns from the provider: redirects to the original target of the sign-out.
///
/// # Errors
/// A page for a query that can't be read.
pub async fn back(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    // A provider that failed to sign the user out may send an error text that isn't UTF-8.
    let query = request
        .with_query(|query| Parameters::parse_lossy(query.as_bytes()))
        .map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    let token = browser::csrf_token(request).map(|token| SecretHash::of_text(&token));
    let after = query
        .get("state")
        .and_then(|state| server.settings.sealer.open(Purpose::AfterLogout, state).ok())
        .and_then(|json| serde_json::from_slice::<AfterLogout>(&json).ok())
        .filter(|after| server.now() < after.until)
        .filter(|after| token.is_some_and(|token| token.is(&after.browser)));
    let to = after.map_or_else(|| server.url("/signed-out"), |after| after.to);
    Ok(Response::see_other(&to))
}
