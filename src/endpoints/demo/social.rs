//! An app that posts to a user's social account: it connects the account and gets tokens for it (mode 5).

use serde_json::Value;

use super::app::{begin, redeem};
use super::client::{CONNECTION_TOKEN, caller, get, pairs};
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::pages::demo::Tokens;
use crate::protocol::parameters;

/// The provider `id` of the demo's social network.
pub(super) const PROVIDER: &str = "friendface";
/// The demo's client ID.
pub(super) const CLIENT: &str = "demo-social";
const CALLBACK: &str = "/demo/social/callback";
const CONNECTED: &str = "/demo/social/connected";
/// The app keeps its access token in the browser, because it has no storage.
const COOKIE: &str = "__Host-demo-token";

pub(super) fn metadata(server: &Server<'_>) -> String {
    format!(
        r#"{{"client_name":"ToDo Social","redirect_uris":["{}","{}"],
        "token_endpoint_auth_method":"none","scope":"openid connection:{PROVIDER}"}}"#,
        server.url(CALLBACK),
        server.url(CONNECTED),
    )
}

/// Signs the user in and asks to use the account that will be connected.
///
/// # Errors
/// None.
pub async fn start(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    let scope = format!("openid connection:{PROVIDER}");
    Ok(begin(server, CLIENT, (CALLBACK, &scope), ""))
}

/// After sign-in, sends the user on to connect the social account.
///
/// # Errors
/// A page if the response doesn't match this browser's request.
pub async fn callback(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let tokens = match redeem(server, request, CALLBACK).await? {
        Ok((_, tokens)) => tokens,
        Err(response) => return Ok(response),
    };
    let access_token = tokens.get("access_token").and_then(Value::as_str).unwrap_or_default();
    let query = parameters::encode([
        ("client_id", CLIENT),
        ("redirect_uri", &server.url(CONNECTED)),
        ("scope", "openid profile offline_access"),
    ]);
    let connect = server.url(&format!("/connect/{PROVIDER}?{query}"));
    Ok(Response::see_other(&connect).with_cookie(COOKIE, access_token, 600))
}

/// After connecting, requests a token of the social account, as the app would whenever it needs one.
///
/// # Errors
/// A page for a query that can't be read.
pub async fn connected(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let token = request.cookie(COOKIE).unwrap_or_default();
    let bearer = format!("Bearer {token}");
    let path = format!("/connections/{PROVIDER}/token");
    let header = Some(("authorization", bearer.as_str()));
    let answer = get(server, CONNECTION_TOKEN, &path, caller(request, header)).await;
    let query = request.query()?;
    let error = query.get("error").or_else(|| answer.get("error").and_then(Value::as_str));
    let lines = pairs(&answer);
    let page = Tokens { client: CLIENT, error, claims: &[], lines: &lines };
    Ok(browser::html(server, 200, &page))
}
