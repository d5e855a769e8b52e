//! The account page: profile, ways to sign in, signed-in browsers, apps with access.

use super::{confirm, lines, overview};
use crate::domain::account::{Account, AccountError, Overview, is_recent};
use crate::domain::machine::Command;
use crate::endpoints::browser::{self, ClaimedSession};
use crate::endpoints::failure::Failure;
use crate::endpoints::form::{self, FormPage, OutdatedForm};
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::upstream::company;
use crate::pages::account::{AccountPage, PasswordSection, SessionLine};
use crate::protocol::claims::StandardClaims;
use crate::protocol::parameters::Parameters;

/// What the page shows besides the account's data.
#[derive(Default)]
struct Shown {
    /// What was done.
    notice: Option<&'static str>,
    /// The HTTP status, and the error for the user.
    error: Option<(u16, String)>,
    /// Whether the box that keeps apps signed in is ticked, so that a page with an error keeps the choice.
    keeps_apps: bool,
    /// Whether to remind the user to check what else can sign in.
    offers_check: bool,
    /// The profile as the user typed it, so that a page with an error keeps it.
    typed: Option<StandardClaims>,
    /// Why the page is shown again.
    redrawn: Option<&'static str>,
}

/// Shows the page with an error.
///
/// # Errors
/// Internal errors only.
pub(in crate::endpoints) async fn refused(
    server: &Server<'_>,
    request: &Request<'_>,
    status: u16,
    message: String,
) -> Result<Response, Failure> {
    page(server, request, Shown { error: Some((status, message)), ..Shown::default() }).await
}

/// Shows the page, or redirects to the sign-in page if nobody is signed in.
///
/// # Errors
/// Internal errors only.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    let done = query.get("done").unwrap_or_default();
    let notice = match done {
        "profile" => "Your profile was saved.",
        "password" => "Password changed. All other browsers, apps and devices were signed out.",
        "password-alone" => {
            "Password changed. All other browsers were signed out. The apps and devices that you \
             kept still have access."
        }
        "first-password" => "Password set. All other browsers, apps and devices were signed out.",
        "confirmed" => "Confirmed. You can make your change now.",
        "session" => "That browser was signed out.",
        "app" => "Access removed. The app can no longer use your account.",
        "scope" => "Removed. The app can no longer do that.",
        "linked" => "The account was linked. You can sign in with it from now on.",
        "connected" => "The account was connected.",
        "disconnected" => "The account was disconnected.",
        "unlinked" => "The account was unlinked.",
        "new" => "Your new account is ready.",
        _ => "",
    };
    let offers_check = matches!(done, "password" | "password-alone");
    let notice = Some(notice).filter(|notice| !notice.is_empty());
    page(server, request, Shown { notice, offers_check, ..Shown::default() }).await
}

/// Shows the page with an error about the new password.
///
/// # Errors
/// Internal errors only.
pub(super) async fn password_refused(
    server: &Server<'_>,
    request: &Request<'_>,
    keeps_apps: bool,
    message: String,
) -> Result<Response, Failure> {
    let error = Some((422, message));
    page(server, request, Shown { error, keeps_apps, ..Shown::default() }).await
}

/// Shows the page with an error about the profile, which stays as the user typed it.
///
/// # Errors
/// Internal errors only.
pub(super) async fn profile_refused(
    server: &Server<'_>,
    request: &Request<'_>,
    form: &Parameters,
    message: String,
) -> Result<Response, Failure> {
    let (error, typed) = (Some((422, message)), Some(typed_claims(form)));
    page(server, request, Shown { error, typed, ..Shown::default() }).await
}

/// How the user can set or change a password. The first password needs a confirmation, like any change.
async fn password_section(
    server: &Server<'_>,
    overview: &Overview,
) -> Result<PasswordSection, Failure> {
    let session = &overview.session;
    if session.has_password {
        return Ok(PasswordSection::Form);
    }
    if let Some(email) = &session.email
        // The page still works while the DNS lookup fails. Setting the password checks again.
        && let Ok(Some(company)) = company::of(server, email).await
    {
        return Ok(PasswordSection::Company(company.name.clone()));
    }
    if is_recent(session.confirmed_at, server.now()) {
        return Ok(PasswordSection::Form);
    }
    let linked = overview::providers_of(server, overview);
    let mut ways = confirm::ways(server, &session.account, &linked)?;
    if ways.is_empty() {
        let name = linked.first().map_or("your provider", |provider| provider.name.as_str());
        return Ok(PasswordSection::Impossible(name.to_owned()));
    }
    let (name, address) = ways.swap_remove(0);
    Ok(PasswordSection::SignInAgain(name, address))
}

async fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    shown: Shown,
) -> Result<Response, Failure> {
    let to_sign_in = || Ok(Response::see_other(&server.url("/sign-in")));
    let Some(session) = browser::claimed_session(request) else {
        return to_sign_in();
    };
    let overview = match overview::read(server, &session).await {
        Err(Failure::SignedOut) => return to_sign_in(),
        overview => overview?,
    };
    let apps = lines::app_lines(server, &overview).await?;
    // A form of the page may lead to a provider.
    let form = FormPage::of_session(server, request)?
        .leading_to(Some(&server.issuer))
        .with_notice(shown.redrawn);
    let now = server.now();
    let page = AccountPage {
        csrf: &form.csrf,
        label: overview.session.label(),
        email: overview.session.email.as_deref(),
        has_password: overview.session.has_password,
        identities: lines::identity_lines(server, &overview),
        linkable: lines::linkable(server),
        connections: lines::connection_lines(server, &overview).await?,
        address_lost: overview.session.address_lost.as_deref(),
        connectable: lines::connectable(server, &overview),
        sources: lines::source_lines(server, &overview),
        is_developer: server.settings.developers.allow(&overview.session.claims),
        password: password_section(server, &overview).await?,
        keeps_apps: shown.keeps_apps,
        offers_check: shown.offers_check,
        claims: shown.typed.as_ref().unwrap_or(&overview.session.claims),
        sessions: overview
            .sessions
            .iter()
            .map(|(number, session)| SessionLine {
                number: *number,
                browser: &session.browser,
                place: session.place.as_deref(),
                is_this: session.sid == overview.session.sid,
                ago: lines::ago(session.started_at().seconds_until(now)),
            })
            .collect(),
        apps,
        notice: shown.notice,
        error: shown.error.as_ref().map(|(_, message)| message.as_str()),
    };
    Ok(form.render(shown.error.as_ref().map_or(form.status(), |(status, _)| *status), &page))
}

/// A form of the account page, and the session that the form was made for and sent in.
///
/// # Errors
/// The page, rendered again, if the form is out of date.
pub(super) async fn signed_in_form(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<(Parameters, ClaimedSession), Failure> {
    match form::of_session(server, request)?.signed_in()? {
        Ok(sent) => Ok(sent),
        // Boxed, so that the page's future isn't part of the future of each endpoint that reads a form.
        Err(outdated) => Err(Failure::redrawn(Box::pin(redraw(server, request, &outdated)).await?)),
    }
}

/// Renders the page again for the user who is signed in now, with what was typed.
///
/// # Errors
/// Internal errors only.
pub(in crate::endpoints) async fn redraw(
    server: &Server<'_>,
    request: &Request<'_>,
    outdated: &OutdatedForm,
) -> Result<Response, Failure> {
    let typed = (request.path == "/account/profile" && !outdated.typed.is_empty())
        .then(|| typed_claims(&outdated.typed));
    let keeps_apps = outdated.typed.get("keep_apps").is_some();
    let redrawn = Some(outdated.notice);
    page(server, request, Shown { typed, keeps_apps, redrawn, ..Shown::default() }).await
}

/// Sends a command to the account, then redirects to its page, which says what was done.
///
/// # Errors
/// A page if nobody is signed in.
pub(super) async fn tell<C: Command<Machine = Account, Error: AccountError>>(
    server: &Server<'_>,
    session: &ClaimedSession,
    command: C,
    done: &str,
) -> Result<Response, Failure> {
    server.ask(&session.address(), command).await??;
    Ok(Response::see_other(&server.url(&format!("/account?done={done}"))))
}

/// The profile as the user typed it, not validated.
fn typed_claims(form: &Parameters) -> StandardClaims {
    let field = |name: &str| form.get(name).map(String::from);
    StandardClaims {
        name: field("name"),
        given_name: field("given_name"),
        family_name: field("family_name"),
        nickname: field("nickname"),
        phone_number: field("phone_number"),
        birthdate: field("birthdate"),
        zoneinfo: field("zoneinfo"),
        locale: field("locale"),
        ..StandardClaims::default()
    }
}
