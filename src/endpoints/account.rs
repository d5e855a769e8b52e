//! The account page: profile, password, signed-in browsers, apps with access, and the way out.

use super::browser::{self, ClaimedSession, FormPage};
use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;
use crate::domain::account::session::SessionView;
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply, Overview};
use crate::domain::password::{NewPassword, Verified};
use crate::pages::account::{AccountPage, AppLine, DeleteAccount, SessionLine};
use crate::pages::consent::ScopeLine;
use crate::pages::message::Message;
use crate::protocol::claims::StandardClaims;
use crate::protocol::parameters::Parameters;

/// What the page says first: what was done, or what was wrong.
type Notice = Option<Result<&'static str, String>>;

/// Shows the page; whoever is not signed in goes to the sign-in page.
///
/// # Errors
/// Only what is ours.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let notice = match request.query()?.get("done") {
        Some("profile") => Some(Ok("Your profile was saved.")),
        Some("password") => {
            Some(Ok("Your password was changed. Every other browser was signed out."))
        }
        Some("session") => Some(Ok("That browser was signed out.")),
        Some("app") => Some(Ok("The app has no access any more.")),
        _ => None,
    };
    page(server, request, 200, notice).await
}

async fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    status: u16,
    notice: Notice,
) -> Result<Response, Failure> {
    let to_sign_in = || Ok(Response::see_other(&server.url("/sign-in")));
    let Some(session) = browser::claimed_session(request) else {
        return to_sign_in();
    };
    let command = AccountCommand::Overview(session.proof.clone());
    let overview = match server.send::<Account>(&session.address(), command).await? {
        Ok(AccountReply::Overview(overview)) => *overview,
        Ok(_) => return Err(Failure::internal("an overview was answered by something else")),
        Err(AccountError::NoSession | AccountError::Unknown) => return to_sign_in(),
        Err(error) => return Err(error.into()),
    };
    let apps = app_lines(server, &overview).await?;
    let form = FormPage::new(server, request);
    let now = server.now();
    let page = AccountPage {
        csrf: &form.csrf,
        email: &overview.session.email,
        claims: &overview.session.claims,
        sessions: overview
            .sessions
            .iter()
            .map(|(number, session)| SessionLine {
                number: *number,
                browser: &session.browser,
                place: session.place.as_deref(),
                is_this: session.sid == overview.session.sid,
                ago: ago(session.auth_time.seconds_until(now)),
            })
            .collect(),
        apps,
        notice: notice.as_ref().and_then(|notice| notice.as_ref().ok().copied()),
        error: notice.as_ref().and_then(|notice| notice.as_ref().err().map(String::as_str)),
    };
    Ok(form.render(status, &page))
}

async fn app_lines(server: &Server<'_>, overview: &Overview) -> Result<Vec<AppLine>, Failure> {
    let mut lines = Vec::new();
    for app in &overview.apps {
        let client = server.client(&app.client_id).await?;
        let name = client.as_ref().map_or("An app that is gone", |client| client.display_name());
        lines.push(AppLine {
            client_id: app.client_id.clone(),
            name: name.to_owned(),
            scopes: ScopeLine::of(&app.scope),
            ago: ago(app.since.seconds_until(server.now())),
        });
    }
    Ok(lines)
}

/// How long ago, in words.
fn ago(seconds: u32) -> String {
    let (count, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds.div_euclid(60), "minute"),
        3600..86_400 => (seconds.div_euclid(3600), "hour"),
        _ => (seconds.div_euclid(86_400), "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// A form of the page that this server sent, and the session it came in.
fn signed_in_form(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<(Parameters, ClaimedSession), Failure> {
    let form = browser::own_form(server, request)?;
    let session = browser::claimed_session(request).ok_or(AccountError::NoSession)?;
    Ok((form, session))
}

async fn tell(
    server: &Server<'_>,
    session: &ClaimedSession,
    command: AccountCommand,
    done: &str,
) -> Result<Response, Failure> {
    server.send::<Account>(&session.address(), command).await??;
    Ok(Response::see_other(&server.url(&format!("/account?done={done}"))))
}

/// Saves the profile.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn profile(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request)?;
    let Some(view) = session.read(server).await? else {
        return Err(AccountError::NoSession.into());
    };
    match changed_claims(view, &form) {
        Ok(claims) => {
            let command = AccountCommand::ChangeClaims(session.proof.clone(), Box::new(claims));
            tell(server, &session, command, "profile").await
        }
        Err(message) => page(server, request, 422, Some(Err(message))).await,
    }
}

/// What the form may change. The address and what was verified stay.
fn changed_claims(view: SessionView, form: &Parameters) -> Result<StandardClaims, String> {
    let field = |name: &str| match form.get(name).map(str::trim) {
        Some(text) if text.chars().count() > 200 => {
            Err(format!("The field {name} takes at most 200 characters."))
        }
        text => Ok(text.filter(|text| !text.is_empty()).map(String::from)),
    };
    let birthdate = field("birthdate")?;
    let is_date = |text: &str| {
        let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        shape.eq(*b"0000-00-00")
    };
    if birthdate.as_deref().is_some_and(|date| !is_date(date)) {
        return Err("Write the date of birth as year-month-day, such as 1990-12-31.".to_owned());
    }
    let phone_number = field("phone_number")?;
    let same_phone = phone_number == view.claims.phone_number;
    let verified = view.claims.phone_number_verified.filter(|_| same_phone);
    Ok(StandardClaims {
        name: field("name")?,
        given_name: field("given_name")?,
        family_name: field("family_name")?,
        nickname: field("nickname")?,
        phone_number_verified: phone_number.as_ref().map(|_| verified.unwrap_or(false)),
        phone_number,
        birthdate,
        zoneinfo: field("zoneinfo")?,
        locale: field("locale")?,
        ..view.claims
    })
}

/// Confirms a password of the person who is signed in; counts like a sign-in.
async fn confirm(
    server: &Server<'_>,
    session: &ClaimedSession,
    password: &str,
) -> Result<Result<(), String>, Failure> {
    let command = AccountCommand::BeginConfirmation(session.proof.clone());
    let record = match server.send::<Account>(&session.address(), command).await? {
        Ok(AccountReply::Password(record)) => record,
        Ok(_) => return Err(Failure::internal("a confirmation was answered by something else")),
        Err(AccountError::Blocked(blocked)) => {
            let seconds = blocked.retry_after.0;
            return Ok(Err(format!("Too many attempts. Wait {seconds} seconds, then try again.")));
        }
        Err(error) => return Err(error.into()),
    };
    if record.verify(password) == Verified::Wrong {
        return Ok(Err("The current password is wrong. Nothing was changed.".to_owned()));
    }
    Ok(Ok(()))
}

/// Changes the password.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn password(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request)?;
    let Some(view) = session.read(server).await? else {
        return Err(AccountError::NoSession.into());
    };
    let new = match NewPassword::parse(form.get("new_password").unwrap_or_default(), &view.email) {
        Ok(new) => new,
        Err(error) => return page(server, request, 422, Some(Err(error.to_string()))).await,
    };
    let current = form.get("current_password").unwrap_or_default();
    if let Err(message) = confirm(server, &session, current).await? {
        return page(server, request, 422, Some(Err(message))).await;
    }
    let record = new.hash(server.random()).map_err(|error| Failure::internal(error.to_string()))?;
    let command = AccountCommand::ChangePassword(session.proof.clone(), record);
    tell(server, &session, command, "password").await
}

/// Signs another browser out.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn end_other(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request)?;
    let other = form.get("session").and_then(|number| number.parse().ok()).unwrap_or_default();
    let command = AccountCommand::EndOther(session.proof.clone(), other);
    tell(server, &session, command, "session").await
}

/// Takes an app's access back.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn revoke_client(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request)?;
    let client_id = form.get("client_id").unwrap_or_default().to_owned();
    let command = AccountCommand::RevokeClient(session.proof.clone(), client_id);
    tell(server, &session, command, "app").await
}

/// Asks for the password before the account is erased.
pub fn confirm_delete(server: &Server<'_>, request: &Request<'_>) -> Response {
    let form = FormPage::new(server, request);
    form.render(200, &DeleteAccount { csrf: &form.csrf, error: None })
}

/// Erases the account.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn delete(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request)?;
    let password = form.get("current_password").unwrap_or_default();
    if let Err(message) = confirm(server, &session, password).await? {
        let form = FormPage::new(server, request);
        let page = DeleteAccount { csrf: &form.csrf, error: Some(&message) };
        return Ok(form.render(422, &page));
    }
    let command = AccountCommand::Erase(session.proof.clone());
    server.send::<Account>(&session.address(), command).await??;
    let page = Message {
        title: "Your account is gone",
        text: "Everything that was kept about you here was erased, and every app lost its access.",
        link: None,
    };
    Ok(browser::without_session(browser::html(server, 200, &page, None)))
}
