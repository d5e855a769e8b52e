//! What browsers carry: the session cookie, and the token that closes every form to other sites.

use base64ct::{Base64UrlUnpadded, Encoding};
use subtle::ConstantTimeEq;

use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use crate::domain::account::session::{AuthTime, NewSession, SessionProof, SessionView};
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply};
use crate::domain::machine::Address;
use crate::domain::token::{ObjectId, Token, TokenKind};
use crate::pages::{self, Page, Shell};
use crate::protocol::parameters::Parameters;

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

    /// Who is signed in, if the proof holds.
    pub async fn read(&self, server: &Server<'_>) -> Result<Option<SessionView>, Failure> {
        let command = AccountCommand::ReadSession(self.proof.clone());
        match server.send::<Account>(&self.address(), command).await? {
            Ok(AccountReply::Session(view)) => Ok(Some(*view)),
            Ok(_) => Err(Failure::internal("a session was answered by something else")),
            Err(AccountError::NoSession | AccountError::Unknown) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The session that the request's cookie claims.
pub fn claimed_session(request: &Request<'_>) -> Option<ClaimedSession> {
    let Token { object, number, secret } =
        Token::decode(TokenKind::Session, &request.cookie(SESSION_COOKIE)?)?;
    Some(ClaimedSession { account: object, proof: SessionProof { number, secret } })
}

/// Sets the cookie of a session that has begun.
pub fn with_session(
    response: Response,
    server: &Server<'_>,
    ClaimedSession { account, proof: SessionProof { number, secret } }: ClaimedSession,
) -> Response {
    let value = Token { object: account, number, secret }.encode(TokenKind::Session);
    response.with_cookie(SESSION_COOKIE, &value, server.settings.lifetimes.session.0)
}

/// Removes the cookie.
pub fn without_session(response: Response) -> Response {
    response.with_cookie(SESSION_COOKIE, "", 0)
}

/// A session that begins with a password in this browser.
pub fn new_session(server: &Server<'_>, request: &Request<'_>) -> NewSession {
    NewSession {
        sid: None,
        amr: vec!["pwd".to_owned()],
        authenticated: AuthTime::Now,
        origin: None,
        confirms: false,
        lifetime: server.settings.lifetimes.session,
        browser: describe(&request.header("user-agent").unwrap_or_default()),
        place: request.location().place(),
        asks: None,
    }
}

/// A browser in a few words, for the person to know it by.
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

/// Reads a form that a page of this server must have sent: double submission of a token that
/// another site can neither read nor set, and the browser's own word on where the form came from.
///
/// # Errors
/// A page that says to go back and try again.
pub fn own_form(server: &Server<'_>, request: &Request<'_>) -> Result<Parameters, Failure> {
    let refused = || {
        Failure::page(
            403,
            "This form has expired",
            "Go back, reload the page and send the form again. If that does not help, allow \
             cookies for this site.",
        )
    };
    let origin = request.header("origin").filter(|origin| origin != "null");
    let foreign_origin =
        origin.is_some_and(|origin| origin != server.issuer && origin != request.origin);
    let foreign_site = request.header("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if foreign_origin || foreign_site {
        return Err(refused());
    }
    let form = request
        .form()
        .map_err(|error| Failure::page(400, "This form cannot be read", error.description))?;
    let (Some(cookie), Some(sent)) = (request.cookie(CSRF_COOKIE), form.get("csrf")) else {
        return Err(refused());
    };
    let holds: bool = cookie.as_bytes().ct_eq(sent.as_bytes()).into();
    if holds && cookie.len() >= 43 { Ok(form) } else { Err(refused()) }
}

/// The token that this browser holds, where it holds one of the form that it was given.
pub fn csrf_token(request: &Request<'_>) -> Option<String> {
    request.cookie(CSRF_COOKIE).filter(|token| {
        token.len() == 43 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    })
}

/// Renders a page that has a form: the token stands in the form and in a cookie.
pub struct FormPage<'a, 'b> {
    server: &'a Server<'b>,
    /// The token, for the form.
    pub csrf: String,
    is_new: bool,
    /// Where the form's answer may lead the browser, beside this server.
    pub leads_to: Option<String>,
}

impl<'a, 'b> FormPage<'a, 'b> {
    /// Takes the browser's token, or makes one.
    pub fn new(server: &'a Server<'b>, request: &Request<'_>) -> Self {
        let (csrf, is_new) = held_or_new_token(server, request);
        Self { server, csrf, is_new, leads_to: None }
    }

    /// Also allows the form's answer to lead to where this URI points, and on from there: browsers
    /// hold every further redirect to the policy of the page with the form.
    #[must_use]
    pub fn leading_to(mut self, redirect_uri: Option<&str>) -> Self {
        self.leads_to = redirect_uri.and_then(crate::protocol::redirect_uri::form_action_source);
        self
    }

    /// Renders.
    pub fn render(&self, status: u16, page: &impl Page) -> Response {
        let response = html(self.server, status, page, self.leads_to.as_deref());
        if self.is_new { with_csrf(response, &self.csrf) } else { response }
    }
}

/// Sees to it that the browser has a token, by which what comes later is bound to it.
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

/// Renders a page.
pub fn html(
    server: &Server<'_>,
    status: u16,
    page: &impl Page,
    leads_to: Option<&str>,
) -> Response {
    let shell = Shell { brand: &server.settings.brand, development: server.settings.development };
    let Ok(body) = pages::render(&shell, page) else {
        server.ports.log.error("a page could not be rendered");
        return Response::empty(500);
    };
    let form_action = match leads_to {
        Some(source) => format!("'self' {source}"),
        None => "'self'".to_owned(),
    };
    // Pictures: logos of clients and of the brand stand on other hosts.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; \
         form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    );
    Response::empty(status)
        .with("content-type", "text/html; charset=utf-8")
        .with("cache-control", "no-store")
        .with("content-security-policy", policy)
        .with("x-frame-options", "DENY")
        // Not `no-referrer`: that makes browsers send `Origin: null` with the forms.
        .with("referrer-policy", "same-origin")
        .with_body(body)
}
