//! A service that calls another one: client credentials (RFC 6749 §4.4) and introspection (RFC 7662).

use base64ct::Encoding;
use serde_json::Value;

use super::client::{INTROSPECTION, TOKEN, caller, pairs, post};
use crate::endpoints::failure::Failure;
use crate::endpoints::form::{self, FormPage};
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::pages::demo::Machine;

/// The secret of the demo machine.
pub(super) const SECRET: &str = "vestibule-demo-machine-secret";

/// Shows the page.
///
/// # Errors
/// None.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    Ok(page(server, request, &[], None))
}

fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    lines: &[(String, String)],
    notice: Option<&'static str>,
) -> Response {
    let form = FormPage::of_browser(server, request).with_notice(notice);
    form.render(form.status(), &Machine { csrf: &form.csrf, secret: SECRET, lines })
}

/// Gets a token as the calling service, then introspects it as the called one.
///
/// # Errors
/// A page if the form is not this server's own.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    if let Err(outdated) = form::of_browser(server, request)? {
        return Ok(page(server, request, &[], Some(outdated.notice)));
    }
    let credentials = base64ct::Base64::encode_string(format!("demo-machine:{SECRET}").as_bytes());
    let header = format!("Basic {credentials}");
    let basic = Some(("authorization", header.as_str()));
    let fields = [("grant_type", "client_credentials"), ("scope", "social.post")];
    let tokens = post(server, TOKEN, &fields, caller(request, basic)).await;
    let access_token = tokens.get("access_token").and_then(Value::as_str).unwrap_or_default();
    let fields = [("token", access_token)];
    let told = post(server, INTROSPECTION, &fields, caller(request, basic)).await;
    let mut lines = pairs(&tokens);
    lines.extend(
        pairs(&told).into_iter().map(|(name, value)| (format!("introspected {name}"), value)),
    );
    Ok(page(server, request, &lines, None))
}
