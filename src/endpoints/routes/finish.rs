//! What answers have beside what an endpoint says.

use super::route::{Audience, Route};
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::server::Server;

/// CORS for the endpoints that browsers' apps call (RFC 6749 has no cookies there, so any origin
/// may).
pub(super) fn preflight(response: Response, route: &Route) -> Response {
    match route.audience {
        Audience::Clients => response
            .with("access-control-allow-methods", route.methods)
            .with("access-control-allow-headers", "authorization, content-type, prefer, dpop")
            .with("access-control-max-age", "86400"),
        Audience::People => response,
    }
}

/// Lets any site's script read the answer: a script's request names its origin, and an answer that
/// may be kept is for everyone. Each header costs the runtime microseconds, so what nobody reads is
/// not sent.
fn readable(request: &Request<'_>, response: Response) -> Response {
    let is_kept = matches!(request.method, Method::Get | Method::Head);
    if !is_kept && request.header("origin").is_none() {
        return response;
    }
    let exposes = response.status >= 400;
    let response = response.with("access-control-allow-origin", "*");
    if exposes {
        response.with("access-control-expose-headers", "www-authenticate, x-request-id")
    } else {
        response
    }
}

/// What every answer has.
pub(super) fn finish(
    server: &Server<'_>,
    request: &Request<'_>,
    audience: Audience,
    response: Response,
) -> Response {
    let response = response.with("x-content-type-options", "nosniff");
    // A program's request is in the log only where the server failed; a person may ask for help with
    // any page.
    let response = if audience == Audience::People || response.status >= 500 {
        response.with("x-request-id", request.request_id())
    } else {
        response
    };
    let response = match audience {
        Audience::Clients => readable(request, response),
        Audience::People => response,
    };
    let response = if server.issuer.starts_with("https:") {
        response.with("strict-transport-security", "max-age=31536000; includeSubDomains")
    } else {
        response
    };
    if request.method == Method::Head { response.with_body("") } else { response }
}
