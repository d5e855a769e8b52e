//! A browser's cookies: the session, and a random token that binds later requests to this browser. Also renders pages.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::failure::Failure;
use super::http::{Cookie, Request, Response};
use super::server::Server;
use crate::domain::account::{
    EndSession, NewSession, ReadSession, SessionError, SessionProof, SessionView,
};
use crate::domain::authentication::NewAuthentication;
use crate::domain::machine::Address;
use crate::domain::token::{ObjectId, Token, TokenKind};
use crate::pages::{self, Page, Shell};

const SESSION_COOKIE: &str = "__Host-session";
const CSRF_COOKIE: &str = "__Host-csrf";

/// The session that a browser claims to have: its account, and the proof.
#[derive(Clone, Debug)]
pub struct ClaimedSession {
    /// The account.
    pub account: ObjectId,
    /// The proof, which the account checks.
    pub proof: SessionProof,
}

impl ClaimedSession {
    /// The account's object.
    pub fn address(&self) -> Address {
        Address::Id(self.account.as_str().to_owned())
    }

    /// The session's user, or `None` if the account rejects the proof.
    pub async fn read(&self, server: &Server<'_>) -> Result<Option<SessionView>, Failure> {
        let read = server.ask(&self.address(), ReadSession(self.proof.clone())).await?;
        match read {
            Ok(view) => Ok(Some(view)),
            Err(SessionError::Unknown | SessionError::NoSession) => Ok(None),
        }
    }

    /// Ends the session. A session that has already ended is no error.
    pub async fn end(&self, server: &Server<'_>) -> Result<(), Failure> {
        let ended = server.ask(&self.address(), EndSession(self.proof.clone())).await?;
        match ended {
            Ok(()) | Err(SessionError::Unknown | SessionError::NoSession) => Ok(()),
        }
    }
}

/// Ends this browser's session if it belongs to another account: a browser holds one session.
///
/// # Errors
/// Internal errors only.
pub async fn end_session_of_other(
    server: &Server<'_>,
    request: &Request<'_>,
    account: &ObjectId,
) -> Result<(), Failure> {
    match claimed_session(request).filter(|held| held.account != *account) {
        Some(held) => held.end(server).await,
        None => Ok(()),
    }
}

/// The session in the request's cookie, not yet verified. `None` if the cookie is missing or malformed.
pub fn claimed_session(request: &Request<'_>) -> Option<ClaimedSession> {
    let Token { object, number, secret } =
        Token::decode(TokenKind::Session, &request.cookie(SESSION_COOKIE)?)?;
    Some(ClaimedSession { account: object, proof: SessionProof { number, secret } })
}

/// The cookie for a session that was just created.
pub fn session_cookie(server: &Server<'_>, session: &ClaimedSession) -> Cookie {
    let ClaimedSession { account, proof: SessionProof { number, secret } } = session.clone();
    let value = Token { object: account, number, secret }.encode(TokenKind::Session);
    let max_age = server.settings.lifetimes.session.0;
    Cookie { name: SESSION_COOKIE.to_owned(), value, max_age }
}

/// Removes the session cookie.
pub fn without_session(response: Response) -> Response {
    response.with_cookie(SESSION_COOKIE, "", 0)
}

/// The parameters of a session that begins with a password sign-in in this browser.
pub fn new_session(server: &Server<'_>, request: &Request<'_>) -> NewSession {
    NewSession {
        sid: None,
        authentication: NewAuthentication::by_password(),
        confirms: false,
        lifetime: server.settings.lifetimes.session,
        browser: describe(&request.header("user-agent").unwrap_or_default()),
        place: request.location().place(),
        asks: None,
    }
}

/// A short name for a browser, by which the user recognizes it, such as "Firefox on Linux".
fn describe(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "A browser".to_owned(),
    }
}

/// The browser's CSRF token, if its cookie holds one in the format that this server issues.
pub fn csrf_token(request: &Request<'_>) -> Option<String> {
    request.cookie(CSRF_COOKIE).filter(|token| {
        token.len() == 43 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    })
}

/// Gives the browser a CSRF token if it has none. Later requests are bound to the browser by it.
pub fn with_token(server: &Server<'_>, request: &Request<'_>, response: Response) -> Response {
    match held_or_new_token(server, request) {
        (token, true) => with_csrf(response, &token),
        (_, false) => response,
    }
}

/// The browser's CSRF token, and whether it is new, so that its cookie must be set.
pub fn held_or_new_token(server: &Server<'_>, request: &Request<'_>) -> (String, bool) {
    match csrf_token(request) {
        Some(token) => (token, false),
        None => (Base64UrlUnpadded::encode_string(&server.random::<32>()), true),
    }
}

/// Issues a CSRF token in a session cookie.
pub fn with_csrf(response: Response, token: &str) -> Response {
    let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
    response.with("set-cookie", format!("{CSRF_COOKIE}={token}; {attributes}"))
}

/// Renders a page without a form.
pub fn html(server: &Server<'_>, status: u16, page: &impl Page) -> Response {
    html_with(server, status, page, Frame::default())
}

/// The parts of a page besides its content.
#[derive(Clone, Copy, Default)]
pub struct Frame<'a> {
    /// Where the response to a form of the page may redirect, besides this server: a source for the CSP
    /// directive `form-action`.
    pub leads_to: Option<&'a str>,
    /// A message above the content, such as why the page is shown again.
    pub notice: Option<&'a str>,
}

/// Renders a page with the given frame.
pub fn html_with(server: &Server<'_>, status: u16, page: &impl Page, frame: Frame<'_>) -> Response {
    let development = server.settings.development;
    let shell = Shell { brand: &server.settings.brand, development, notice: frame.notice };
    match pages::render(&shell, page) {
        Ok(body) => with_policy(status, body, frame.leads_to),
        Err(_) => {
            server.ports.log.error("a page could not be rendered");
            Response::empty(500)
        }
    }
}

/// The response with a rendered page. Not generic, so that it is compiled only once and not for each page type.
#[inline(never)]
fn with_policy(status: u16, body: String, leads_to: Option<&str>) -> Response {
    let form_action = match leads_to {
        Some(source) => format!("'self' {source}"),
        None => "'self'".to_owned(),
    };
    // Logos of clients and of the brand can be on other hosts.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; \
         form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    );
    Response::empty(status)
        .with("content-type", "text/html; charset=utf-8")
        .with("cache-control", "no-store")
        .with("content-security-policy", policy)
        .with("x-frame-options", "DENY")
        // Not `no-referrer`: it makes browsers send `Origin: null` with forms.
        .with("referrer-policy", "same-origin")
        .with_body(body)
}
