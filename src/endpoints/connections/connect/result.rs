//! The result of connecting an outside account: stores its tokens or revokes them, and tells the app or the user.

use super::keep::{NewConnection, NotKept};
use super::request::registered;
use crate::endpoints::browser;
use crate::endpoints::connections::not_offered;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::ConnectRequest;
use crate::endpoints::outcome::Outcome;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::login::Connecting;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::parameters;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::UpstreamSignIn;

/// Stores the provider's tokens, sealed, if the user who started this is still signed in.
///
/// # Errors
/// A page if someone else is signed in, or if the account has the maximum number of connections.
pub(in crate::endpoints) async fn finish(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    connecting: Connecting,
    signed_in: UpstreamSignIn,
) -> Result<Outcome, Failure> {
    let new = NewConnection::new(server, provider, &connecting, signed_in)?;
    let session = browser::claimed_session(request)
        .filter(|held| held.account.as_str() == connecting.account);
    let Some(session) = session else {
        new.give_back(server).await?;
        let message = "You signed out or switched accounts before this was finished. Sign in and \
                       try again.";
        return Err(Failure::page(403, "Nothing was connected", message));
    };
    if let Err(failure) = check_again(server, provider, &connecting).await {
        new.give_back(server).await?;
        return Err(failure);
    }
    let app = connecting.app.as_ref();
    match new.keep(server, &session).await? {
        Ok(()) if app.is_some() => Ok(back(server, app, Ok(())).into()),
        Ok(()) => Ok(Outcome::see_other(&server.url("/account?done=connected"))),
        Err(NotKept::Wider) if app.is_some() => {
            let description = "the provider grants more than the user approved, and cannot grant \
                               less; the tokens were revoked";
            let error = OAuthError::new(ErrorCode::InvalidScope, description);
            Ok(back(server, app, Err(error)).into())
        }
        Err(NotKept::Wider) => {
            let message = format!(
                "{} grants more than you approved, so nothing was connected.",
                provider.name
            );
            Ok(Outcome::ShowAccount(409, message))
        }
        Err(NotKept::TooMany) => {
            let message = "You have the maximum number of connected accounts. Disconnect one in your \
                           account, then try again.";
            Err(Failure::page(409, "Nothing was connected", message))
        }
    }
}

/// Checks what may have changed while the user was at the provider: the operator's settings and the app's registration.
/// On failure nothing is sent to the app, because its redirect URI may be what changed.
async fn check_again(
    server: &Server<'_>,
    provider: &Provider,
    connecting: &Connecting,
) -> Result<(), Failure> {
    let allowed = provider.connection.as_ref().ok_or_else(not_offered)?;
    if !allowed.covers(&connecting.scope) {
        return Err(not_offered());
    }
    match &connecting.app {
        Some(asked) => registered(server, asked).await.map(drop),
        None => Ok(()),
    }
}

/// Tells the app or the user that nothing was connected.
///
/// # Errors
/// Internal errors only.
pub(in crate::endpoints) async fn refused(
    server: &Server<'_>,
    connecting: &Connecting,
    status: u16,
    message: String,
) -> Result<Outcome, Failure> {
    match &connecting.app {
        Some(asked) => {
            registered(server, asked).await?;
            let (code, description) = match status {
                403 => (ErrorCode::AccessDenied, "the user denied access at the provider"),
                503 => (ErrorCode::TemporarilyUnavailable, "the provider does not respond"),
                _ => (ErrorCode::ServerError, "the provider's response cannot be used"),
            };
            let error = OAuthError::new(code, description);
            Ok(back(server, connecting.app.as_ref(), Err(error)).into())
        }
        None => Ok(Outcome::ShowAccount(status, message)),
    }
}

/// Redirects to the app with the result, or to the account page.
pub(super) fn back(
    server: &Server<'_>,
    app: Option<&ConnectRequest>,
    outcome: Result<(), OAuthError>,
) -> Response {
    let Some(app) = app else {
        return Response::see_other(&server.url("/account"));
    };
    let mut pairs = vec![("iss", server.issuer.as_str())];
    match &outcome {
        Ok(()) => pairs.push(("connection", &app.provider)),
        Err(error) => pairs
            .extend([("error", error.code.as_str()), ("error_description", &error.description)]),
    }
    pairs.extend(app.state.as_deref().map(|state| ("state", state)));
    Response::see_other(&parameters::add_to_query(&app.redirect_uri, pairs))
}
