//! What all endpoints share: HTTPS, methods, limits and error responses.

use super::finish::{finish, preflight};
use super::route::{Audience, Route};
use super::table::Routes;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{MAX_ORIGIN, MAX_TARGET, Method, Request, Response};
use crate::endpoints::server::Server;
use crate::pages::message::Message;
use crate::protocol::error::OAuthError;

/// Handles a request by one part of the routes. Every failure becomes a response.
pub async fn handle(server: &Server<'_>, request: &Request<'_>, routes: &Routes) -> Response {
    let Some(route) = routes.find(server, &request.path) else {
        let page = fail(server, request, Audience::People, &Failure::no_such_page());
        return finish(server, request, Audience::People, page);
    };
    let audience = route.audience;
    if request.method == Method::Options {
        let response = Response::empty(204).with("allow", route.methods);
        return finish(server, request, audience, preflight(response, route));
    }
    if is_plain(server, request) {
        let answer = match request.method {
            Method::Get | Method::Head => Response::see_other(&secured(request)),
            _ => Response::error(400, &OAuthError::invalid_request("use https")),
        };
        return finish(server, request, audience, answer);
    }
    let target = request.path.len().saturating_add(request.with_query(str::len));
    let answer = if request.origin.len() > MAX_ORIGIN {
        Err(OAuthError::invalid_request("the host name is too long").into())
    } else if target > MAX_TARGET {
        Err(OAuthError::invalid_request("the URL is longer than 16 KiB").into())
    } else if let Some(page) = page_of_form(route, request) {
        Ok(Response::see_other(&server.url(page)))
    } else if !route.allows(request.method) {
        let response =
            Response::error(405, &OAuthError::invalid_request(format!("use {}", route.methods)));
        Ok(response.with("allow", route.methods))
    } else {
        (route.endpoint)(server, request).await
    };
    let response = answer.unwrap_or_else(|failure| fail(server, request, audience, &failure));
    finish(server, request, audience, response)
}

/// Whether a request came over plain HTTP, which is allowed only in local development (RFC 6749 §3.1 and §3.2, RFC 8252
/// §8.3).
fn is_plain(server: &Server<'_>, request: &Request<'_>) -> bool {
    let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let is_local = local.iter().any(|host| {
        request
            .origin
            .strip_prefix(host)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    !server.settings.development && request.origin.starts_with("http:") && !is_local
}

/// The same URL with `https`.
fn secured(request: &Request<'_>) -> String {
    let host = request.origin.trim_start_matches("http://");
    request.with_query(|query| {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("https://{host}{}{mark}{query}", request.path)
    })
}

/// The page whose form is sent to this path. A page that is shown again has the path of its form in the address bar, so
/// a user may open it.
fn page_of_form(route: &Route, request: &Request<'_>) -> Option<&'static str> {
    let opens = matches!(request.method, Method::Get | Method::Head);
    route.page.filter(|_| opens)
}

/// The one place that turns a failure into a response.
fn fail(
    server: &Server<'_>,
    request: &Request<'_>,
    audience: Audience,
    failure: &Failure,
) -> Response {
    if let Some(cause) = failure.logged() {
        let (id, path) = (request.request_id(), &request.path);
        server.ports.log.error(&format!("request {id} to {path} failed: {cause}"));
    }
    if audience == Audience::Clients {
        return failure.to_response();
    }
    let sign_in = server.url("/sign-in");
    let home = server.url("/account");
    let mut link = ("Your account", home.as_str());
    let (status, title, text) = match failure {
        Failure::Redrawn(page) => return (**page).clone(),
        Failure::SignedOut => {
            link = ("Sign in", &sign_in);
            let text = "Your session has ended. Sign in again, then repeat what you were doing.";
            (403, "You are signed out", text.to_owned())
        }
        Failure::Page { status, title, message } => (*status, *title, message.clone()),
        Failure::Unavailable(_) | Failure::Internal(_) => {
            let text = format!(
                "This isn't your fault. Try again. If it happens again, give the people who run this \
                 service the request ID {}.",
                request.request_id()
            );
            (500, "Something went wrong", text)
        }
        Failure::Caller(error)
        | Failure::Grant(error)
        | Failure::Bearer(error)
        | Failure::ClientChallenge(error) => {
            (400, "This request can't be processed", error.description.to_string())
        }
        Failure::NoBearer => {
            (400, "This request can't be processed", "It has no access token.".to_owned())
        }
    };
    browser::html(server, status, &Message { title, text: &text, link: Some(link) })
}
