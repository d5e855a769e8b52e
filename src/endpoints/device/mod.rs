//! The page on which a user approves a device (RFC 8628 §3.3).

mod decision;
mod pending;
mod qr;

pub use self::qr::qr;

use self::pending::Refused;
use super::browser;
use super::consent;
use super::failure::Failure;
use super::form::{self, FormPage, OUT_OF_DATE, SessionForm};
use super::http::{Request, Response};
use super::interaction::Interaction;
use super::server::Server;
use crate::domain::account::SessionView;
use crate::domain::client::Client;
use crate::domain::distance;
use crate::domain::grant::device::{Decision, DeviceView};
use crate::pages::consent::ScopeLine;
use crate::pages::device::{ApproveDevice, EnterCode};
use crate::pages::message::Message;
use crate::pages::who_asks::WhoAsks;
use crate::protocol::user_code::UserCode;

/// Asks for the user code or, if the URL has one, shows the device's request.
///
/// # Errors
/// Internal errors only.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    match query.get("user_code") {
        None => Ok(enter(server, request, "", (200, None))),
        Some(typed) => look(server, request, typed, None).await,
    }
}

/// Takes the code that the user typed.
///
/// # Errors
/// A page if the form is not this server's own.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    match form::of_browser(server, request)? {
        Ok(form) => look(server, request, form.get("user_code").unwrap_or_default(), None).await,
        Err(outdated) => {
            let typed = outdated.request_field("user_code").unwrap_or_default();
            Ok(enter(server, request, typed, (OUT_OF_DATE, Some(outdated.notice))))
        }
    }
}

fn enter(
    server: &Server<'_>,
    request: &Request<'_>,
    user_code: &str,
    (status, error): (u16, Option<&str>),
) -> Response {
    let form = FormPage::of_browser(server, request);
    // A link can put any text here and the page displays it, so accept only text that is short enough for a code.
    let user_code = if user_code.len() <= 20 && user_code.is_ascii() { user_code } else { "" };
    form.render(status, &EnterCode { csrf: &form.csrf, user_code, error })
}

/// Shows the device's request for a user code; `notice` says why it is shown again.
async fn look(
    server: &Server<'_>,
    request: &Request<'_>,
    typed: &str,
    notice: Option<&'static str>,
) -> Result<Response, Failure> {
    let Some(user_code) = UserCode::parse(typed) else {
        let error = "That code doesn't look right. A code has eight letters and no vowels, such as \
                     BCDF-GHJK. Check your device, then try again.";
        return Ok(enter(server, request, typed, (400, Some(error))));
    };
    let session = match browser::claimed_session(request) {
        Some(claimed) => claimed.read(server).await?.map(|view| (claimed, view)),
        None => None,
    };
    let Some((_, session)) = session else {
        let interaction = Interaction::Device(user_code.to_string());
        return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
    };
    match pending::find(server, request, &session, &user_code).await? {
        Ok((client, view)) => {
            let form = FormPage::of_session(server, request)?.with_notice(notice);
            let page =
                approve_page(server, (&form, request), (&session, &user_code), (&client, &view));
            Ok(form.render(form.status(), &page))
        }
        Err(refused) => {
            Ok(enter(server, request, typed, (refused.status(), Some(refused.words()))))
        }
    }
}

fn approve_page<'a>(
    server: &'a Server<'_>,
    (form, request): (&'a FormPage<'_, '_>, &Request<'_>),
    (session, user_code): (&'a SessionView, &UserCode),
    (client, view): (&'a Client, &'a DeviceView),
) -> ApproveDevice<'a> {
    ApproveDevice {
        csrf: &form.csrf,
        user_code: user_code.to_string(),
        who: WhoAsks::new(client, server.settings.is_unverified(client), None),
        email: session.label(),
        scopes: ScopeLine::of(&view.scope, &server.settings.resources),
        left_out: &view.left_out,
        resources: consent::names(server, &view.resources),
        place: view.location.place(),
        network_operator: view.location.network_operator.as_deref(),
        comparison: distance::compare(&view.location, &request.location()),
        minutes: view.requested_at.seconds_until(server.now()).div_euclid(60),
    }
}

/// Takes the user's decision.
///
/// # Errors
/// A page if the form is not this server's own.
pub async fn decide(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, claimed) = match form::of_session(server, request)? {
        SessionForm::Current(form, claimed) => (form, Some(claimed)),
        SessionForm::Outdated(outdated) => {
            let typed = outdated.request_field("user_code").unwrap_or_default();
            return look(server, request, typed, Some(outdated.notice)).await;
        }
        SessionForm::SignedOut(form) => (form, None),
    };
    let typed = form.get("user_code").unwrap_or_default();
    let Some(user_code) = UserCode::parse(typed) else {
        return Ok(enter(server, request, typed, (400, None)));
    };
    let claimed = match claimed {
        Some(claimed) => claimed.read(server).await?.map(|view| (claimed, view)),
        None => None,
    };
    let Some((claimed, session)) = claimed else {
        let interaction = Interaction::Device(user_code.to_string());
        return Ok(Response::see_other(&interaction.address(server, "/sign-in")?));
    };
    let (client, view) = match pending::find(server, request, &session, &user_code).await? {
        Ok(found) => found,
        Err(refused) => {
            return Ok(enter(server, request, typed, (refused.status(), Some(refused.words()))));
        }
    };
    let approves = form.get("decision") == Some("allow");
    let decided = if approves {
        decision::approve(server, &claimed, &user_code, &client, view).await?
    } else {
        decision::tell(server, &user_code, Decision::Deny).await?
    };
    let page = match (decided, approves) {
        (true, true) => Message {
            title: "Your device is signed in",
            text: "Continue on your device. You can close this page.",
            link: None,
        },
        (true, false) => Message {
            title: "The device was denied",
            text: "If you didn't start this, someone may have tried to use your account. \
                   Nothing was shared. You can close this page.",
            link: None,
        },
        (false, _) => {
            let refused = Refused::Unknown;
            return Ok(enter(server, request, "", (refused.status(), Some(refused.words()))));
        }
    };
    Ok(browser::html(server, 200, &page))
}
