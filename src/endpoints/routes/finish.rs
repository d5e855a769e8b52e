//! Headers that responses get in addition to those of their endpoints.

use super::route::{Audience, Route};
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::server::Server;

/// CORS for the endpoints that apps call from browsers. They use no cookies, so any origin may call them.
pub(super) fn preflight(response: Response, route: &Route) -> Response {
    match route.audience {
        Audience::Clients => response
            .with("access-control-allow-methods", route.methods)
            .with("access-control-allow-headers", "authorization, content-type, prefer, dpop")
            .with("access-control-max-age", "86400"),
        Audience::People => response,
    }
}

/// Lets scripts of any site read the response: if the request names its origin, or if a cache may keep the response for
/// everyone. Otherwise the header is left out, because each header costs microseconds.
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

/// Adds the headers that every response has.
pub(super) fn finish(
    server: &Server<'_>,
    request: &Request<'_>,
    audience: Audience,
    response: Response,
) -> Response {
    let response = response.with("x-content-type-options", "nosniff");
    // A client's request is logged only if the server failed. A user may ask for help with any page.
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
