//! Forms: for whom each was drawn, and whether it still counts when it is sent.
//!
//! A form that decides or changes something for a user carries, sealed, the account and the session that it was
//! drawn for. Another site can't make that value, so it also closes the form to other sites. A form for
//! whoever uses the browser, such as the sign-in form, is closed by double submission of a random token.
//!
//! A form that is out of date decides nothing: its page is drawn again with what was typed, and says so.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::browser::{self, ClaimedSession, Frame};
use super::failure::Failure;
use super::http::{Request, Response};
use super::interaction::Interaction;
use super::server::Server;
use crate::domain::token::ObjectId;
use crate::jose::seal::Purpose;
use crate::pages::Page;
use crate::protocol::parameters::Parameters;
use crate::protocol::redirect_uri;

/// The status of a page that is drawn again because its form was out of date (RFC 9110 §15.5.10).
pub const OUT_OF_DATE: u16 = 409;

/// The account and session that a form was drawn for.
#[derive(Serialize, Deserialize)]
struct DrawnFor {
    account: String,
    session: u32,
}

/// A form that decides nothing.
#[derive(Debug)]
pub struct Outdated {
    /// What was typed, without passwords; empty if it was typed for another account.
    pub typed: Parameters,
    /// Whether a password was typed, which is never shown again.
    pub had_password: bool,
    /// What the page says when it is drawn again.
    pub notice: &'static str,
    /// What the page is about: values that say so themselves, or that are checked like those of its address.
    about: Parameters,
}

/// The fields that say what a page is about.
const ABOUT: [&str; 6] =
    ["flow", "user_code", "id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

impl Outdated {
    fn new(form: &Parameters, notice: &'static str) -> Self {
        let is_secret = |name: &str| name.contains("password") || name == "csrf";
        let typed = form.pairs().filter(|(name, _)| !is_secret(name)).collect();
        let had_password = form.get("password").is_some();
        Self { typed, had_password, ..Self::without_typed(form, notice) }
    }

    fn without_typed(form: &Parameters, notice: &'static str) -> Self {
        let about = form.pairs().filter(|(name, _)| ABOUT.contains(name)).collect();
        Self { typed: Parameters::default(), had_password: false, notice, about }
    }

    /// What the page is about: a field of the form that its address could have had too.
    pub fn about(&self, name: &str) -> Option<&str> {
        self.about.get(name)
    }

    /// The interaction that the form carried on, sealed.
    pub fn flow(&self) -> Option<&str> {
        self.about("flow")
    }
}

/// What became of a form that a signed-in user was shown.
pub enum SessionForm {
    /// The session that it was drawn for sent it.
    Current(Parameters, ClaimedSession),
    /// Another session is there now.
    Outdated(Outdated),
    /// Nobody is signed in any more. The fields prove nothing.
    SignedOut(Parameters),
}

impl SessionForm {
    /// The form and its session, where somebody is signed in.
    ///
    /// # Errors
    /// [`Failure::SignedOut`].
    pub fn signed_in(self) -> Result<Result<(Parameters, ClaimedSession), Outdated>, Failure> {
        match self {
            Self::Current(form, session) => Ok(Ok((form, session))),
            Self::Outdated(outdated) => Ok(Err(outdated)),
            Self::SignedOut(_) => Err(Failure::SignedOut),
        }
    }
}

/// Reads a form of [`FormPage::of_browser`].
///
/// # Errors
/// A page, for a form that another site sent or that can't be read.
pub fn of_browser(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Result<Parameters, Outdated>, Failure> {
    let form = read(server, request)?;
    // Without the token only the browser's word shows that a page of this server sent the form.
    let outdated = |notice| match is_own_origin(server, request) {
        true => Outdated::new(&form, notice),
        false => Outdated::without_typed(&form, notice),
    };
    let Some(token) = browser::csrf_token(request) else {
        let notice = "Your browser sent no cookie, so nothing was sent. Allow cookies for this \
                      site, then try again.";
        return Ok(Err(outdated(notice)));
    };
    let sent = form.get("csrf").unwrap_or_default();
    let holds: bool = token.as_bytes().ct_eq(sent.as_bytes()).into();
    if holds && !Interaction::has_expired(server, form.get("flow")) {
        return Ok(Ok(form));
    }
    let notice = "This page was out of date, so nothing was sent. Check it, then try again.";
    Ok(Err(outdated(notice)))
}

/// Reads a form of [`FormPage::of_session`].
///
/// # Errors
/// A page, for a form that another site sent or that can't be read.
pub fn of_session(server: &Server<'_>, request: &Request<'_>) -> Result<SessionForm, Failure> {
    let form = read(server, request)?;
    let Some(session) = browser::claimed_session(request) else {
        return Ok(SessionForm::SignedOut(form));
    };
    let sent = form.get("csrf").unwrap_or_default();
    let sealed = server.settings.sealer.open(Purpose::Form, sent).ok();
    let drawn_for = sealed.and_then(|json| serde_json::from_slice::<DrawnFor>(&json).ok());
    let account = |drawn: &DrawnFor| ObjectId::parse(&drawn.account);
    Ok(match drawn_for {
        Some(drawn) if account(&drawn).as_ref() != Some(&session.account) => {
            let notice = "You are now signed in with another account, so nothing was changed. \
                          Check this page before you go on.";
            SessionForm::Outdated(Outdated::without_typed(&form, notice))
        }
        Some(_) if Interaction::has_expired(server, form.get("flow")) => {
            let notice = "This page was open for too long, so nothing was changed. Check it, then \
                          try again.";
            SessionForm::Outdated(Outdated::new(&form, notice))
        }
        Some(drawn) if drawn.session == session.proof.number => SessionForm::Current(form, session),
        Some(_) => {
            let notice = "You signed in again since this page was opened, so nothing was changed. \
                          Check it, then try again.";
            SessionForm::Outdated(Outdated::new(&form, notice))
        }
        None => {
            // Nothing shows that a page of this server sent it, so no field of it is shown.
            let notice = "This page was out of date, so nothing was changed. Check it, then try \
                          again.";
            SessionForm::Outdated(Outdated::without_typed(&form, notice))
        }
    })
}

/// Whether the browser says that a page of this server sent the request.
fn is_own_origin(server: &Server<'_>, request: &Request<'_>) -> bool {
    let is_own = |origin: String| origin == server.issuer || origin == request.origin;
    request.header("origin").is_some_and(is_own)
        || request.header("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

/// The fields of a form, unless the browser says that another site sent it.
fn read(server: &Server<'_>, request: &Request<'_>) -> Result<Parameters, Failure> {
    let origin = request.header("origin").filter(|origin| origin != "null");
    let is_foreign =
        origin.is_some_and(|origin| origin != server.issuer && origin != request.origin);
    let is_cross_site = request.header("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if is_foreign || is_cross_site {
        let message =
            "Nothing was changed. If you meant to do this, open the page here and try again.";
        return Err(Failure::page(403, "Another site sent this", message));
    }
    request
        .form()
        .map_err(|error| Failure::page(400, "This form cannot be read", error.description))
}

/// Renders a page that has a form.
pub struct FormPage<'a, 'b> {
    server: &'a Server<'b>,
    /// The value of the field `csrf`.
    pub csrf: String,
    /// A token for this browser that it doesn't have yet.
    new_token: Option<String>,
    /// Where the form's answer may lead the browser, beside this server.
    pub leads_to: Option<String>,
    notice: Option<&'static str>,
}

impl<'a, 'b> FormPage<'a, 'b> {
    /// A form for whoever uses this browser.
    pub fn of_browser(server: &'a Server<'b>, request: &Request<'_>) -> Self {
        let (csrf, is_new) = browser::held_or_new_token(server, request);
        let new_token = is_new.then(|| csrf.clone());
        Self { server, csrf, new_token, leads_to: None, notice: None }
    }

    /// A form for the session that this request came in.
    ///
    /// # Errors
    /// [`Failure::SignedOut`], where there is none.
    pub fn of_session(server: &'a Server<'b>, request: &Request<'_>) -> Result<Self, Failure> {
        let session = browser::claimed_session(request).ok_or(Failure::SignedOut)?;
        let account = session.account.to_string();
        let drawn_for = DrawnFor { account, session: session.proof.number };
        let json = serde_json::to_vec(&drawn_for).map_err(|e| Failure::internal(e.to_string()))?;
        let csrf = server.seal(Purpose::Form, &json)?;
        Ok(Self { server, csrf, new_token: None, leads_to: None, notice: None })
    }

    /// Also allows the form's answer to lead to where this URI points, and on from there: browsers
    /// hold every further redirect to the policy of the page with the form.
    #[must_use]
    pub fn leading_to(mut self, redirect_uri: Option<&str>) -> Self {
        self.leads_to = redirect_uri.and_then(redirect_uri::form_action_source);
        self
    }

    /// Also says something first.
    #[must_use]
    pub fn saying(mut self, notice: Option<&'static str>) -> Self {
        self.notice = notice;
        self
    }

    /// The status of a page that nothing else is wrong with.
    pub fn status(&self) -> u16 {
        if self.notice.is_some() { OUT_OF_DATE } else { 200 }
    }

    /// Renders.
    pub fn render(&self, status: u16, page: &impl Page) -> Response {
        let frame = Frame { leads_to: self.leads_to.as_deref(), notice: self.notice };
        let response = browser::html_with(self.server, status, page, frame);
        match &self.new_token {
            Some(token) => browser::with_csrf(response, token),
            None => response,
        }
    }
}
