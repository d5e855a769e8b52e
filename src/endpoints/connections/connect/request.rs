//! An app's request to `/connect/{provider}`, checked against its registration and the operator's settings.

use crate::domain::client::Client;
use crate::endpoints::connections::not_offered;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::interaction::{ConnectRequest, Interaction};
use crate::endpoints::server::Server;
use crate::endpoints::upstream::find;
use crate::protocol::redirect_uri;
use crate::protocol::scope::Scope;
use crate::upstream::provider::Provider;

/// The provider, and the scopes that apps may request of it.
pub(super) fn offered<'s>(
    server: &'s Server<'_>,
    id: &str,
) -> Result<(&'s Provider, &'s Scope), Failure> {
    let provider = find(server, id).ok_or_else(not_offered)?;
    let scope = provider.connection.as_ref().ok_or_else(not_offered)?;
    Ok((provider, scope))
}

/// Parses an app's request; `None` if the user came from the account page.
pub(super) async fn read(
    server: &Server<'_>,
    request: &Request<'_>,
    (provider, allowed): (&Provider, &Scope),
) -> Result<Option<ConnectRequest>, Failure> {
    let query = request.query()?;
    if let Some(flow) = query.get("flow") {
        return open_flow(server, request, (provider, allowed), Some(flow));
    }
    let Some(client_id) = query.get("client_id") else {
        return Ok(None);
    };
    let refused = |text: &str| Failure::page(400, "This app can't connect an account", text);
    let client = server
        .client(client_id)
        .await?
        .ok_or_else(|| refused("The app isn't registered (client_id)."))?;
    let sent = query.get("redirect_uri").unwrap_or_default();
    if !client.metadata.redirect_uris.iter().any(|uri| redirect_uri::matches(uri, sent)) {
        return Err(refused("The app's redirect_uri isn't registered."));
    }
    let scope = match query.get("scope").map(Scope::parse) {
        None => allowed.clone(),
        Some(Ok(scope)) if allowed.covers(&scope) && !scope.is_empty() => scope,
        Some(_) => {
            return Err(refused("The app requested more access than this service offers (scope)."));
        }
    };
    if provider.quirks.all_or_nothing && !scope.covers(allowed) {
        let text = format!(
            "{} can't grant only a part of its access. The app must ask for everything that this \
             service connects, or leave scope out.",
            provider.name
        );
        return Err(refused(&text));
    }
    let state = query.get("state").filter(|state| state.len() <= 2000).map(String::from);
    Ok(Some(ConnectRequest {
        provider: provider.id.clone(),
        client_id: client.client_id,
        redirect_uri: sent.to_owned(),
        state,
        scope,
    }))
}

/// The app that sent the request, if the redirect URI of its request is still registered.
pub(super) async fn registered(
    server: &Server<'_>,
    asked: &ConnectRequest,
) -> Result<Client, Failure> {
    let is_there = |client: &Client| {
        let uris = &client.metadata.redirect_uris;
        uris.iter().any(|uri| redirect_uri::matches(uri, &asked.redirect_uri))
    };
    let client = server.client(&asked.client_id).await?.filter(is_there);
    client.ok_or_else(|| {
        let text = "The app's registration changed. Go back to the app and start again.";
        Failure::page(400, "This app can't connect an account", text)
    })
}

/// The app's request from the sealed `flow` value. The operator may offer less by now.
pub(super) fn open_flow(
    server: &Server<'_>,
    request: &Request<'_>,
    (provider, allowed): (&Provider, &Scope),
    flow: Option<&str>,
) -> Result<Option<ConnectRequest>, Failure> {
    if flow.is_none() {
        return Ok(None);
    }
    match Interaction::open(server, request, flow)? {
        Interaction::Connect(asked)
            if asked.provider == provider.id && allowed.covers(&asked.scope) =>
        {
            Ok(Some(*asked))
        }
        _ => Err(not_offered()),
    }
}
