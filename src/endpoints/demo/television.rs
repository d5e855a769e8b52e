//! A television: the device authorization grant (RFC 8628).

use serde_json::Value;

use super::client::{COOKIE, DEVICE_AUTHORIZATION, TOKEN, caller, post, tokens_page};
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::pages::demo::Television;

/// The device code grant type (RFC 8628 §3.4).
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Requests a device code and shows its user code.
///
/// # Errors
/// None.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let fields = [("client_id", "demo-tv"), ("scope", "openid profile offline_access")];
    let answer = post(server, DEVICE_AUTHORIZATION, &fields, caller(request, None)).await;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let page = Television {
        user_code: text("user_code"),
        verification_uri: text("verification_uri"),
        verification_uri_complete: text("verification_uri_complete"),
        qr: text("verification_qr_uri"),
    };
    let wait = format!("1; url={}", server.url("/demo/tv/wait"));
    Ok(browser::html(server, 200, &page).with("refresh", wait).with_cookie(
        COOKIE,
        text("device_code"),
        900,
    ))
}

/// Polls for the tokens. The page refreshes to this URL, so the browser shows the code until this responds: when the
/// user has decided, or after a while. No script is needed.
///
/// # Errors
/// None.
pub async fn wait(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let device_code = request.cookie(COOKIE).unwrap_or_default();
    let fields =
        [("grant_type", GRANT), ("client_id", "demo-tv"), ("device_code", device_code.as_str())];
    let tokens = post(server, TOKEN, &fields, caller(request, Some(("prefer", "wait=30")))).await;
    match tokens.get("error").and_then(Value::as_str) {
        // The browser keeps showing the code. It follows twenty redirects, which is ten minutes.
        Some("authorization_pending") => Ok(Response::see_other(&server.url("/demo/tv/wait"))),
        _ => Ok(tokens_page(server, request, "demo-tv", &tokens).await),
    }
}
