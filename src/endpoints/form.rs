//! Forms: which account and session each was made for, and whether it is still valid when it is sent.
//!
//! A form that decides or changes something for a user has, sealed in its field `csrf`, the account and the
//! session that it was made for. Another site can't make that value, so it also prevents cross-site request
//! forgery. A form for users who aren't signed in, such as the sign-in form, is protected by a random token
//! that is sent twice: in a cookie and in the form.
//!
//! A form that is out of date changes nothing: its page is shown again, with a notice and what was typed.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::browser::{self, ClaimedSession, Frame};
use super::failure::Failure;
use super::http::{Request, Response};
use super::interaction::Interaction;
use super::server::Server;
use crate::domain::token::ObjectId;
use crate::pages::Page;
use crate::protocol::parameters::Parameters;
use crate::protocol::redirect_uri;
use crate::tenant::Purpose;

/// The status of a page that is shown again because its form was out of date (409, RFC 9110 §15.5.10).
pub const OUT_OF_DATE: u16 = 409;

/// The account and session that a form was made for.
#[derive(Serialize, Deserialize)]
struct FormOwner {
    account: String,
    session: u32,
}

/// A form that is out of date, so it is not carried out.
#[derive(Debug)]
pub struct OutdatedForm {
    /// What was typed, without passwords; empty if another account may have typed it.
    pub typed: Parameters,
    /// Whether a password was typed. The password itself is never shown again.
    pub had_password: bool,
    /// Whether it was made for another account than the one that is signed in now.
    pub is_of_other_account: bool,
    /// Why the page is shown again, for the user.
    pub notice: &'static str,
    /// The [`REQUEST_FIELDS`] of the form.
    request: Parameters,
}

/// The fields with which a page is requested. They are kept even if another user typed the rest: each is sealed, or
/// checked like the same parameter in the page's URL.
const REQUEST_FIELDS: [&str; 6] =
    ["flow", "user_code", "id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

impl OutdatedForm {
    fn new(form: &Parameters, notice: &'static str) -> Self {
        let is_secret = |name: &str| name.contains("password") || name == "csrf";
        let typed = form.pairs().filter(|(name, _)| !is_secret(name)).collect();
        let had_password = form.get("password").is_some();
        Self { typed, had_password, ..Self::without_typed(form, notice) }
    }

    fn without_typed(form: &Parameters, notice: &'static str) -> Self {
        let request = form.pairs().filter(|(name, _)| REQUEST_FIELDS.contains(name)).collect();
        let typed = Parameters::default();
        Self { typed, had_password: false, is_of_other_account: false, notice, request }
    }

    /// One of the [`REQUEST_FIELDS`].
    pub fn request_field(&self, name: &str) -> Option<&str> {
        self.request.get(name)
    }

    /// The sealed interaction that the form continues.
    pub fn flow(&self) -> Option<&str> {
        self.request_field("flow")
    }
}

/// A form of a page for signed-in users, as it was sent.
pub enum SessionForm {
    /// Sent in the session that it was made for.
    Current(Parameters, ClaimedSession),
    /// Made for another session or too long ago, or not by this server.
    Outdated(OutdatedForm),
    /// Nobody is signed in. The fields are unverified.
    SignedOut(Parameters),
}

impl SessionForm {
    /// The form and its session, or the form that is out of date.
    ///
    /// # Errors
    /// [`Failure::SignedOut`] if nobody is signed in.
    pub fn signed_in(self) -> Result<Result<(Parameters, ClaimedSession), OutdatedForm>, Failure> {
        match self {
            Self::Current(form, session) => Ok(Ok((form, session))),
            Self::Outdated(outdated) => Ok(Err(outdated)),
            Self::SignedOut(_) => Err(Failure::SignedOut),
        }
    }
}

/// Reads a form that [`FormPage::of_browser`] rendered.
///
/// # Errors
/// A page for a form that another site sent or that can't be read.
pub fn of_browser(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Result<Parameters, OutdatedForm>, Failure> {
    let form = read(server, request)?;
    // Without the token, only these headers show that a page of this server sent the form.
    let is_own =
        is_own_origin(server, request) == Some(true) || has_fetch_site(request, "same-origin");
    let outdated = |notice| match is_own {
        true => OutdatedForm::new(&form, notice),
        false => OutdatedForm::without_typed(&form, notice),
    };
    let Some(token) = browser::csrf_token(request) else {
        let notice = "This page had expired, so nothing was sent. Try again. If this happens again, \
                      allow cookies for this site.";
        return Ok(Err(outdated(notice)));
    };
    let sent = form.get("csrf").unwrap_or_default();
    let holds: bool = token.as_bytes().ct_eq(sent.as_bytes()).into();
    if holds && !Interaction::has_expired(server, form.get("flow")) {
        return Ok(Ok(form));
    }
    let notice = match form.get("password") {
        Some(_) => "This page had expired, so nothing was sent. Enter your password again.",
        None => "This page had expired, so nothing was sent. Try again.",
    };
    Ok(Err(outdated(notice)))
}

/// Reads a form that [`FormPage::of_session`] rendered.
///
/// # Errors
/// A page for a form that another site sent or that can't be read.
pub fn of_session(server: &Server<'_>, request: &Request<'_>) -> Result<SessionForm, Failure> {
    let form = read(server, request)?;
    let Some(session) = browser::claimed_session(request) else {
        return Ok(SessionForm::SignedOut(form));
    };
    let sent = form.get("csrf").unwrap_or_default();
    let sealed = server.settings.sealer.open(Purpose::Form, sent).ok();
    let owner = sealed.and_then(|json| serde_json::from_slice::<FormOwner>(&json).ok());
    let account = |owner: &FormOwner| ObjectId::parse(&owner.account);
    Ok(match owner {
        Some(owner) if account(&owner).as_ref() != Some(&session.account) => {
            let notice = "You're now signed in with another account, so nothing was changed. \
                          Check this page before you continue.";
            let outdated = OutdatedForm::without_typed(&form, notice);
            SessionForm::Outdated(OutdatedForm { is_of_other_account: true, ..outdated })
        }
        Some(_) if Interaction::has_expired(server, form.get("flow")) => {
            let notice = "This page was open for too long, so nothing was changed. Check it, then \
                          try again.";
            SessionForm::Outdated(OutdatedForm::new(&form, notice))
        }
        Some(owner) if owner.session == session.proof.number => SessionForm::Current(form, session),
        Some(_) => {
            let notice = "You've signed in again since you opened this page, so nothing was \
                          changed. Check it, then try again.";
            SessionForm::Outdated(OutdatedForm::new(&form, notice))
        }
        None => {
            // Another site may have made this form, so the page doesn't show what its fields contain.
            let notice = "This page had expired, so nothing was changed. Try again.";
            SessionForm::Outdated(OutdatedForm::without_typed(&form, notice))
        }
    })
}

/// Whether `Origin` names this server; `None` if the browser didn't send it or withheld it (`null`).
fn is_own_origin(server: &Server<'_>, request: &Request<'_>) -> Option<bool> {
    let origin = request.header("origin").filter(|origin| origin != "null")?;
    Some(origin == server.issuer || origin == request.origin)
}

fn has_fetch_site(request: &Request<'_>, expected: &str) -> bool {
    request.header("sec-fetch-site").is_some_and(|site| site == expected)
}

/// Parses the form's fields, unless the browser says that another site sent it.
fn read(server: &Server<'_>, request: &Request<'_>) -> Result<Parameters, Failure> {
    if is_own_origin(server, request) == Some(false) || has_fetch_site(request, "cross-site") {
        let message = "Nothing was changed. To do this, open the page on this site and try again.";
        return Err(Failure::page(403, "This form came from another site", message));
    }
    request.form().map_err(|error| Failure::page(400, "This form can't be read", error.description))
}

/// Renders a page that has a form.
pub struct FormPage<'a, 'b> {
    server: &'a Server<'b>,
    /// The value of the field `csrf`.
    pub csrf: String,
    /// The token, if this browser doesn't have it in its cookie yet.
    new_token: Option<String>,
    /// Where the response to the form may redirect, besides this server.
    pub leads_to: Option<String>,
    notice: Option<&'static str>,
}

impl<'a, 'b> FormPage<'a, 'b> {
    /// A form for anyone who uses this browser, signed in or not.
    pub fn of_browser(server: &'a Server<'b>, request: &Request<'_>) -> Self {
        let (csrf, is_new) = browser::held_or_new_token(server, request);
        let new_token = is_new.then(|| csrf.clone());
        Self { server, csrf, new_token, leads_to: None, notice: None }
    }

    /// A form for the session that this request came in.
    ///
    /// # Errors
    /// [`Failure::SignedOut`] if there is none.
    pub fn of_session(server: &'a Server<'b>, request: &Request<'_>) -> Result<Self, Failure> {
        let session = browser::claimed_session(request).ok_or(Failure::SignedOut)?;
        let account = session.account.to_string();
        let owner = FormOwner { account, session: session.proof.number };
        let json = serde_json::to_vec(&owner).map_err(Failure::caused_by)?;
        let csrf = server.seal(Purpose::Form, &json)?;
        Ok(Self { server, csrf, new_token: None, leads_to: None, notice: None })
    }

    /// Also lets the response to the form redirect to this URI's origin: browsers apply the `form-action` policy of the
    /// form's page to every redirect that follows.
    #[must_use]
    pub fn leading_to(mut self, redirect_uri: Option<&str>) -> Self {
        self.leads_to = redirect_uri.and_then(redirect_uri::form_action_source);
        self
    }

    /// Shows a message above the content: why the page is shown again.
    #[must_use]
    pub fn with_notice(mut self, notice: Option<&'static str>) -> Self {
        self.notice = notice;
        self
    }

    /// The status of a page that has no error itself: 409 with a notice, else 200.
    pub fn status(&self) -> u16 {
        if self.notice.is_some() { OUT_OF_DATE } else { 200 }
    }

    /// Renders the page, and sets the cookie with the token if the browser needs it.
    pub fn render(&self, status: u16, page: &impl Page) -> Response {
        let frame = Frame { leads_to: self.leads_to.as_deref(), notice: self.notice };
        let response = browser::html_with(self.server, status, page, frame);
        match &self.new_token {
            Some(token) => browser::with_csrf(response, token),
            None => response,
        }
    }
}
