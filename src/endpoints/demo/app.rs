//! A demo app that signs a user in: authorization code with PKCE.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::client::{COOKIE, TOKEN, caller, post, tokens_page};
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::pages::demo::Tokens;
use crate::protocol::parameters;

const CALLBACK: &str = "/demo/app/callback";
const SCOPE: &str = "openid profile email offline_access";
/// What the photo printer asks for. `docs/examples` has APIs that take its access token.
const PRINTER_SCOPE: &str = "openid profile email offline_access photos.read";
/// The API that the photo printer calls (RFC 8707).
const PRINTER_RESOURCE: &str = "&resource=https%3A%2F%2Fphotos.example.com%2F";
/// What the ToDo app asks for where an employee signs in.
const COMPANY_SCOPE: &str = "openid profile email groups";

/// Starts the photo printer, whose users have accounts.
///
/// # Errors
/// None.
pub async fn start(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    Ok(begin(server, "demo-app", (CALLBACK, PRINTER_SCOPE), PRINTER_RESOURCE))
}

/// Starts the ToDo app, whose users sign up first.
///
/// # Errors
/// None.
pub async fn start_registration(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    Ok(begin(server, "demo-todo", (CALLBACK, SCOPE), "&prompt=create"))
}

/// Starts the ToDo app for a user with an account at the social network. `prompt=login` shows the sign-in page, which has
/// the network's button, even to a signed-in user.
///
/// # Errors
/// None.
pub async fn start_at_network(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    Ok(begin(server, "demo-todo", (CALLBACK, SCOPE), "&prompt=login"))
}

/// Starts the ToDo app for a user who signs in at their company, which is found by the email address.
///
/// # Errors
/// None.
pub async fn start_at_company(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    let hint = "&login_hint=dana%40acme.example";
    Ok(begin(server, "demo-todo", (CALLBACK, COMPANY_SCOPE), hint))
}

/// Starts the flow: the verifier stays in a cookie, the challenge goes into the request.
pub(super) fn begin(
    server: &Server<'_>,
    client_id: &str,
    (callback, scope): (&str, &str),
    more: &str,
) -> Response {
    let verifier = Base64UrlUnpadded::encode_string(&server.random::<32>());
    let state = Base64UrlUnpadded::encode_string(&server.random::<16>());
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.as_bytes()));
    let query = parameters::encode([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", &server.url(callback)),
        ("scope", scope),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    Response::see_other(&format!("{}?{query}{more}", server.url("/authorize"))).with_cookie(
        COOKIE,
        &format!("{client_id}.{verifier}.{state}"),
        600,
    )
}

/// Shows what the app got for its code.
///
/// # Errors
/// A page if the response doesn't match this browser's request.
pub async fn callback(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    match redeem(server, request, CALLBACK).await? {
        Ok((client_id, tokens)) => Ok(tokens_page(server, request, &client_id, &tokens).await),
        Err(response) => Ok(response),
    }
}

/// Redeems the code: returns the client and its tokens, or else a response for the user.
pub(super) async fn redeem(
    server: &Server<'_>,
    request: &Request<'_>,
    callback: &str,
) -> Result<Result<(String, Value), Response>, Failure> {
    let query = request.query()?;
    let cookie = request.cookie(COOKIE).unwrap_or_default();
    let mut parts = cookie.split('.');
    let (Some(client_id), Some(verifier), Some(state)) = (parts.next(), parts.next(), parts.next())
    else {
        return Ok(Err(Response::see_other(&server.url("/demo"))));
    };
    if query.get("state") != Some(state) || query.get("iss") != Some(&server.issuer) {
        let message = "The response doesn't belong to this browser's request. Start again.";
        return Err(Failure::page(400, "The demo app refused the response", message));
    }
    if let Some(error) = query.get("error") {
        let page = Tokens { client: client_id, error: Some(error), claims: &[], lines: &[] };
        return Ok(Err(browser::html(server, 200, &page)));
    }
    let tokens = post(
        server,
        TOKEN,
        &[
            ("grant_type", "authorization_code"),
            ("code", query.get("code").unwrap_or_default()),
            ("redirect_uri", &server.url(callback)),
            ("client_id", client_id),
            ("code_verifier", verifier),
        ],
        caller(request, None),
    )
    .await;
    Ok(Ok((client_id.to_owned(), tokens)))
}
