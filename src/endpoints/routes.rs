//! Which endpoint answers which request, and what every answer has.

use std::future::{Future, ready};
use std::pin::Pin;

use super::failure::{Failure, WENT_WRONG};
use super::http::{MAX_ORIGIN, MAX_TARGET, Method, Request, Response};
use super::outcome::Outcome;
use super::server::Server;
use super::{
    account, assets, authorize, browser, callback, connections, consent, demo, developers, device,
    device_authorization, discovery, end_session, introspect, jwks, register, resume, revoke,
    select_account, sign_in, sign_out, sign_up, token, upstream, userinfo,
};
use crate::pages::message::Message;
use crate::protocol::error::OAuthError;

/// Who calls an endpoint, which decides how it fails and who may read its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    /// Programs: errors are JSON, and any site's script may call.
    Clients,
    /// People: errors are pages.
    People,
}

/// An endpoint: its audience and its methods.
struct Endpoint {
    audience: Audience,
    methods: &'static str,
}

/// Answers a request. Never fails: what went wrong becomes an answer too.
pub async fn handle(server: &Server<'_>, request: &Request<'_>) -> Response {
    let Some(endpoint) = find(server, &request.path) else {
        return finish(server, request, Audience::People, not_found(server));
    };
    let audience = endpoint.audience;
    if request.method == Method::Options {
        let response = Response::empty(204).with("allow", endpoint.methods);
        return finish(server, request, audience, preflight(response, &endpoint));
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
        Err(OAuthError::invalid_request("the host name is longer than host names are").into())
    } else if target > MAX_TARGET {
        Err(OAuthError::invalid_request("the address is longer than 16 KiB").into())
    } else if let Some(page) = page_of_form(&endpoint, request) {
        Ok(Response::see_other(&server.url(page)))
    } else if !allows(&endpoint, request.method) {
        let response =
            Response::error(405, &OAuthError::invalid_request(format!("use {}", endpoint.methods)));
        Ok(response.with("allow", endpoint.methods))
    } else {
        match dispatch(server, request).await {
            Ok(outcome) => resume::carry_out(server, request, outcome).await,
            Err(failure) => Err(failure),
        }
    };
    let response = answer.unwrap_or_else(|failure| fail(server, request, audience, &failure));
    finish(server, request, audience, response)
}

/// Whether a request came over plain HTTP, which is for local development alone (RFC 6749 §3.1 and
/// §3.2, RFC 8252 §8.3).
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

/// The same address by HTTPS.
fn secured(request: &Request<'_>) -> String {
    let host = request.origin.trim_start_matches("http://");
    request.with_query(|query| {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("https://{host}{}{mark}{query}", request.path)
    })
}

/// Which methods an endpoint takes.
fn find(server: &Server<'_>, path: &str) -> Option<Endpoint> {
    let clients = |methods| Some(Endpoint { audience: Audience::Clients, methods });
    let people = |methods| Some(Endpoint { audience: Audience::People, methods });
    match path {
        "/.well-known/openid-configuration"
        | "/.well-known/oauth-authorization-server"
        | "/jwks"
        | "/device/qr.svg" => clients("GET, HEAD"),
        "/token" | "/introspect" | "/revoke" | "/device_authorization" | "/register" => {
            clients("POST")
        }
        "/userinfo" => clients("GET, POST"),
        "/connections" => clients("GET"),
        path if path.starts_with("/connections/") => clients("GET"),
        path if path.starts_with("/backchannel_logout/") => clients("POST"),
        path if path.starts_with("/register/") => clients("GET, PUT, DELETE"),
        "/authorize" | "/end_session" | "/sign-in" | "/sign-up" | "/consent" | "/device"
        | "/select-account" | "/account/delete" => people("GET, HEAD, POST"),
        "/account" | "/signed-out" => people("GET, HEAD"),
        "/device/decide" | "/sign-out" | "/account/profile" | "/account/password"
        | "/account/sessions" | "/account/apps" => people("POST"),
        "/initiate-login" => people("GET, HEAD, POST"),
        "/account/identities" | "/account/connections" => people("POST"),
        "/developers" => people("GET, HEAD, POST"),
        path if path.starts_with("/developers/") => people("GET, HEAD, POST"),
        path if path.starts_with("/connect/") => people("GET, HEAD, POST"),
        path if path.starts_with("/sign-in/") => people("GET, HEAD"),
        path if path.starts_with("/signed-out/") => people("GET, HEAD"),
        path if path.starts_with("/callback/") => people("GET, HEAD, POST"),
        path if path.starts_with("/assets/") => people("GET, HEAD"),
        "/" => people("GET, HEAD"),
        path if server.settings.development => demo::methods(path).and_then(people),
        _ => None,
    }
}

/// The page whose form is sent to this path, for a user who opens the path itself: after a form was shown again,
/// it stands in the address bar.
fn page_of_form(endpoint: &Endpoint, request: &Request<'_>) -> Option<&'static str> {
    let opens = matches!(request.method, Method::Get | Method::Head);
    let is_form = endpoint.audience == Audience::People && endpoint.methods == "POST";
    (opens && is_form).then_some(match request.path.as_str() {
        "/device/decide" => "/device",
        _ => "/account",
    })
}

fn allows(endpoint: &Endpoint, method: Method) -> bool {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Options | Method::Other => return false,
    };
    endpoint.methods.split(", ").any(|allowed| allowed == name)
}

/// An endpoint at work. In a box, each apart: the runtime compiles a function when it is first called, and
/// all endpoints in one would be compiled for the first request of each.
type Work<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Failure>> + 'a>>;

/// An endpoint that waits for nothing.
fn at_once<'a>(answer: Result<Response, Failure>) -> Work<'a> {
    Box::pin(ready(answer.map(Outcome::Answer)))
}

/// An endpoint that answers by itself, whatever it comes to.
fn answers<'a>(answer: impl Future<Output = Result<Response, Failure>> + 'a) -> Work<'a> {
    Box::pin(async move { answer.await.map(Outcome::Answer) })
}

fn dispatch<'a>(server: &'a Server<'_>, request: &'a Request<'_>) -> Work<'a> {
    let posted = request.method == Method::Post;
    match request.path.as_str() {
        "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => {
            at_once(Ok(discovery::metadata(server)))
        }
        "/jwks" => answers(jwks::jwks(server)),
        "/authorize" => Box::pin(authorize::authorize(server, request)),
        "/token" => answers(token::token(server, request)),
        "/introspect" => answers(introspect::introspect(server, request)),
        "/revoke" => answers(revoke::revoke(server, request)),
        "/userinfo" => answers(userinfo::userinfo(server, request)),
        "/device_authorization" => {
            answers(device_authorization::device_authorization(server, request))
        }
        "/register" => answers(register::register(server, request)),
        "/end_session" => answers(end_session::end_session(server, request)),
        "/signed-out" => at_once(Ok(end_session::signed_out(server))),
        "/sign-in" if posted => Box::pin(sign_in::submit(server, request)),
        "/sign-in" => Box::pin(sign_in::show(server, request)),
        "/sign-out" => answers(sign_out::sign_out(server, request)),
        "/select-account" if posted => Box::pin(select_account::submit(server, request)),
        "/select-account" => answers(select_account::show(server, request)),
        "/sign-up" if posted => Box::pin(sign_up::submit(server, request)),
        "/sign-up" => answers(sign_up::show(server, request)),
        "/consent" if posted => answers(consent::submit(server, request)),
        "/consent" => answers(consent::show(server, request)),
        "/device" if posted => answers(device::submit(server, request)),
        "/device" => answers(device::show(server, request)),
        "/device/decide" => answers(device::decide(server, request)),
        "/device/qr.svg" => at_once(device::qr(server, request)),
        "/account" => answers(account::show(server, request)),
        "/account/profile" => answers(account::profile::submit(server, request)),
        "/account/password" => answers(account::credentials::password(server, request)),
        "/account/sessions" => answers(account::access::end_other(server, request)),
        "/account/apps" => answers(account::access::revoke_client(server, request)),
        "/initiate-login" => Box::pin(upstream::start::initiated(server, request)),
        "/developers" if posted => answers(developers::create(server, request)),
        "/developers" => answers(developers::show(server, request)),
        "/connections" => answers(connections::token::list(server, request)),
        "/account/connections" => answers(account::connections::disconnect(server, request)),
        "/account/identities" => answers(account::identities::submit(server, request)),
        "/account/delete" if posted => answers(account::credentials::delete(server, request)),
        "/account/delete" => answers(account::credentials::confirm_delete(server, request)),
        "/" => {
            let path = if server.settings.development { "/demo" } else { "/account" };
            at_once(Ok(Response::see_other(&server.url(path))))
        }
        path => {
            if let Some(client_id) = path.strip_prefix("/register/") {
                return answers(register::manage(server, request, client_id));
            }
            if let Some(name) = path.strip_prefix("/connections/") {
                let provider = name.strip_suffix("/token").unwrap_or_default();
                return answers(connections::token::token(server, request, provider));
            }
            if let Some(provider) = path.strip_prefix("/connect/") {
                return if posted {
                    Box::pin(connections::connect::submit(server, request, provider))
                } else {
                    answers(connections::connect::show(server, request, provider))
                };
            }
            if let Some(client_id) = path.strip_prefix("/developers/") {
                return if posted {
                    answers(developers::change(server, request, client_id))
                } else {
                    answers(developers::app(server, request, client_id))
                };
            }
            if let Some(provider) = path.strip_prefix("/backchannel_logout/") {
                return answers(upstream::logout::backchannel(server, request, provider));
            }
            if path.starts_with("/signed-out/") {
                return at_once(upstream::logout::back(server, request));
            }
            if let Some(provider) = path.strip_prefix("/sign-in/") {
                return Box::pin(upstream::start::sign_in_at(server, request, provider));
            }
            if let Some(provider) = path.strip_prefix("/callback/") {
                return Box::pin(callback::callback(server, request, provider));
            }
            if let Some(name) = path.strip_prefix("/assets/") {
                return at_once(Ok(
                    assets::asset(server, name).unwrap_or_else(|| not_found(server))
                ));
            }
            answers(demo::dispatch(server, request))
        }
    }
}

/// The one place where a failure becomes an answer.
fn fail(
    server: &Server<'_>,
    request: &Request<'_>,
    audience: Audience,
    failure: &Failure,
) -> Response {
    if let Failure::Unavailable(cause) = failure {
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
        Failure::Unavailable(_) => {
            (500, "Something went wrong", format!("It is not your fault: {WENT_WRONG}."))
        }
        Failure::Caller(error) | Failure::Bearer(error) | Failure::ClientChallenge(error) => {
            (400, "This request cannot be read", error.description.to_string())
        }
        Failure::NoBearer => {
            (400, "This request cannot be read", "It has no access token.".to_owned())
        }
    };
    browser::html(server, status, &Message { title, text: &text, link: Some(link) })
}

fn not_found(server: &Server<'_>) -> Response {
    let home = server.url("/account");
    let page = Message {
        title: "There is no such page",
        text: "The address may be mistyped, or the link may be old.",
        link: Some(("Your account", &home)),
    };
    browser::html(server, 404, &page)
}

/// CORS for the endpoints that browsers' apps call (RFC 6749 has no cookies there, so any origin
/// may).
fn preflight(response: Response, endpoint: &Endpoint) -> Response {
    match endpoint.audience {
        Audience::Clients => response
            .with("access-control-allow-methods", endpoint.methods)
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
fn finish(
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
