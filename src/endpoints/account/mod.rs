//! The account page: profile, ways to sign in, signed-in browsers, apps with access.

pub mod confirm;
pub mod credentials;

use super::browser::{self, ClaimedSession};
use super::failure::Failure;
use super::form::{self, FormPage, OutdatedForm};
use super::http::{Request, Response};
use super::server::Server;
use super::{connections, upstream};
use crate::domain::account::confirmation::is_recent;
use crate::domain::account::membership::Membership;
use crate::domain::account::row::LinkedIdentity;
use crate::domain::account::{Account, AccountCommand, AccountReply, Overview};
use crate::domain::connection::Standing;
use crate::pages::account::{
    AccountPage, AppLine, ConnectionLine, IdentityLine, PasswordSection, SessionLine,
};
use crate::pages::consent::ScopeLine;
use crate::protocol::claims::StandardClaims;
use crate::protocol::parameters::Parameters;
use crate::protocol::text;
use crate::upstream::provider::Provider;

/// How the page is shown.
#[derive(Default)]
struct Shown {
    /// What was done.
    notice: Option<&'static str>,
    /// The status, and what was wrong.
    error: Option<(u16, String)>,
    /// Whether the box that keeps apps signed in is ticked: what was chosen is not lost.
    keeps_apps: bool,
    /// Whether to remind the user of what else signs in.
    offers_check: bool,
    /// The profile as the user typed it, so that a page with an error keeps it.
    typed: Option<StandardClaims>,
    /// Why the page is shown again.
    redrawn: Option<&'static str>,
}

/// Shows the page with what was wrong.
///
/// # Errors
/// Only what is ours.
pub(super) async fn refused(
    server: &Server<'_>,
    request: &Request<'_>,
    status: u16,
    message: String,
) -> Result<Response, Failure> {
    page(server, request, Shown { error: Some((status, message)), ..Shown::default() }).await
}

/// Shows the page; whoever is not signed in goes to the sign-in page.
///
/// # Errors
/// Only what is ours.
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
        "app" => "The app has no access any more.",
        "scope" => "The app cannot do that any more.",
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

/// Shows the page with what was wrong with a new password.
///
/// # Errors
/// Internal errors only.
async fn password_refused(
    server: &Server<'_>,
    request: &Request<'_>,
    keeps_apps: bool,
    message: String,
) -> Result<Response, Failure> {
    let error = Some((422, message));
    page(server, request, Shown { error, keeps_apps, ..Shown::default() }).await
}

/// How a user without a password sets one: a change like any other, so it needs a confirmation.
async fn password_section(
    server: &Server<'_>,
    overview: &Overview,
) -> Result<PasswordSection, Failure> {
    let session = &overview.session;
    if session.has_password {
        return Ok(PasswordSection::Form);
    }
    if let Some(email) = &session.email
        // While the DNS doesn't answer, the page does. Setting the password asks again.
        && let Ok(Some(company)) = upstream::company::of(server, email).await
    {
        return Ok(PasswordSection::Company(company.name.clone()));
    }
    if is_recent(session.confirmed_at, server.now()) {
        return Ok(PasswordSection::Form);
    }
    let linked = providers_of(server, overview);
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
    let overview = match read(server, &session).await {
        Err(Failure::SignedOut) => return to_sign_in(),
        overview => overview?,
    };
    let apps = app_lines(server, &overview).await?;
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
        identities: identity_lines(server, &overview),
        linkable: linkable(server),
        connections: connection_lines(server, &overview).await?,
        address_lost: overview.session.address_lost.as_deref(),
        connectable: connectable(server, &overview),
        sources: source_lines(server, &overview),
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
                ago: ago(session.started_at().seconds_until(now)),
            })
            .collect(),
        apps,
        notice: shown.notice,
        error: shown.error.as_ref().map(|(_, message)| message.as_str()),
    };
    Ok(form.render(shown.error.as_ref().map_or(form.status(), |(status, _)| *status), &page))
}

/// The providers of the linked identities, each once.
fn providers_of<'s>(server: &'s Server<'_>, overview: &Overview) -> Vec<&'s Provider> {
    let is_linked = |provider: &&Provider| {
        overview.identities.iter().any(|(_, linked)| linked.provider == provider.id)
    };
    server.settings.providers.iter().filter(is_linked).collect()
}

/// The providers of the linked identities of whoever is signed in.
async fn linked_providers<'s>(
    server: &'s Server<'_>,
    request: &Request<'_>,
) -> Result<Vec<&'s Provider>, Failure> {
    let session = browser::claimed_session(request).ok_or(Failure::SignedOut)?;
    Ok(providers_of(server, &read(server, &session).await?))
}

async fn read(server: &Server<'_>, session: &ClaimedSession) -> Result<Overview, Failure> {
    let command = AccountCommand::Overview(session.proof.clone());
    match server.send::<Account>(&session.address(), command).await? {
        Ok(AccountReply::Overview(overview)) => Ok(*overview),
        Ok(_) => Err(Failure::internal("an overview was answered by something else")),
        Err(error) => Err(error.into()),
    }
}

fn provider_name(server: &Server<'_>, id: &str) -> String {
    upstream::find(server, id).map_or_else(|| id.to_owned(), |provider| provider.name.clone())
}

fn identity_lines(server: &Server<'_>, overview: &Overview) -> Vec<IdentityLine> {
    let line = |(key, linked): &(String, LinkedIdentity)| IdentityLine {
        key: key.clone(),
        provider: provider_name(server, &linked.provider),
        label: linked.label.clone(),
        ago: match linked.used_at.seconds_until(server.now()) {
            0..86_400 => "in the last day".to_owned(),
            seconds => ago(seconds),
        },
    };
    overview.identities.iter().map(line).collect()
}

/// The providers that a person may link: a company's people come by their address.
fn linkable(server: &Server<'_>) -> Vec<(String, String)> {
    let providers = server.settings.providers.iter();
    let open = providers.filter(|provider| provider.signs_in && provider.domains.is_empty());
    open.map(|provider| (provider.id.clone(), provider.name.clone())).collect()
}

/// The account's connections, with the status of each.
async fn connection_lines(
    server: &Server<'_>,
    overview: &Overview,
) -> Result<Vec<ConnectionLine>, Failure> {
    let mut lines = Vec::new();
    for id in &overview.connections {
        let standing = connections::standing(server, &overview.session.account, id).await?;
        let (label, broken) = match standing {
            Some(Standing { label, broken, .. }) => (Some(label), broken),
            None => (None, None),
        };
        let app = match id.client_id() {
            Some(client_id) => {
                let name = app_name(server, client_id).await?;
                Some(name.unwrap_or_else(|| "an app that no longer exists".to_owned()))
            }
            None => None,
        };
        lines.push(ConnectionLine {
            provider: id.provider().to_owned(),
            name: provider_name(server, id.provider()),
            client_id: id.client_id().unwrap_or_default().to_owned(),
            app,
            label,
            broken: broken.map(|why| why.to_string()),
        });
    }
    Ok(lines)
}

/// The providers that offer connections and to which the user has no account-wide one: `id` and display name.
fn connectable(server: &Server<'_>, overview: &Overview) -> Vec<(String, String)> {
    let is_connected = |provider: &Provider| {
        let mut held = overview.connections.iter().filter(|id| id.client_id().is_none());
        held.any(|id| id.provider() == provider.id)
    };
    let offered = server.settings.providers.iter().filter(|one| one.connection.is_some());
    let open = offered.filter(|provider| !is_connected(provider));
    open.map(|provider| (provider.id.clone(), provider.name.clone())).collect()
}

/// Which claims came from which provider, in words.
fn source_lines(server: &Server<'_>, overview: &Overview) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let believed = overview.memberships.iter().filter(|held| is_believed(server, held));
    let membership = believed.flat_map(|held| {
        let groups = (!held.groups.is_empty()).then_some(("groups", held.provider.as_str()));
        let roles = (!held.roles.is_empty()).then_some(("roles", held.provider.as_str()));
        groups.into_iter().chain(roles)
    });
    let claims =
        overview.sources.iter().map(|(claim, provider)| (claim.as_str(), provider.as_str()));
    let mut all: Vec<(&str, &str)> = claims.chain(membership).collect();
    all.sort_unstable();
    for (claim, provider) in all {
        let name = provider_name(server, provider);
        let words = claim_in_words(claim);
        match lines.iter_mut().find(|(held, _)| *held == name) {
            Some((_, claims)) => {
                claims.push_str(", ");
                claims.push_str(words);
            }
            None => lines.push((name, words.to_owned())),
        }
    }
    lines
}

/// Whether the settings now let the provider assert groups and roles.
pub(super) fn is_believed(server: &Server<'_>, membership: &Membership) -> bool {
    upstream::find(server, &membership.provider).is_some_and(|p| p.asserts_membership)
}

fn claim_in_words(claim: &str) -> &str {
    match claim {
        "given_name" => "first name",
        "family_name" => "last name",
        "middle_name" => "middle name",
        "preferred_username" => "user name",
        "phone_number" => "telephone number",
        "birthdate" => "date of birth",
        "zoneinfo" => "time zone",
        "locale" => "language",
        "profile" => "profile page",
        other => other,
    }
}

/// The app's display name; `None` if its client was deleted.
async fn app_name(server: &Server<'_>, client_id: &str) -> Result<Option<String>, Failure> {
    let client = server.client(client_id).await?;
    Ok(client.map(|client| client.display_name().into_owned()))
}

async fn app_lines(server: &Server<'_>, overview: &Overview) -> Result<Vec<AppLine>, Failure> {
    let mut lines = Vec::new();
    for app in &overview.apps {
        // A deleted client has lost its access (RFC 7592 §2.3).
        let Some(name) = app_name(server, &app.client_id).await? else { continue };
        lines.push(AppLine {
            client_id: app.client_id.clone(),
            name,
            scopes: ScopeLine::of(&app.scope, &server.settings.resources),
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
        // Boxed: the page is part of the future once, and not in each endpoint that reads a form.
        Err(outdated) => Err(Failure::redrawn(Box::pin(redraw(server, request, &outdated)).await?)),
    }
}

/// Renders the page again for the user who is signed in now, with what was typed.
///
/// # Errors
/// Internal errors only.
pub(super) async fn redraw(
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

pub(super) async fn tell(
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
    let (form, session) = signed_in_form(server, request).await?;
    match changed_claims(&form) {
        Ok(claims) => {
            let command = AccountCommand::ChangeClaims(session.proof.clone(), Box::new(claims));
            tell(server, &session, command, "profile").await
        }
        Err(message) => {
            let (error, typed) = (Some((422, message)), Some(typed_claims(&form)));
            page(server, request, Shown { error, typed, ..Shown::default() }).await
        }
    }
}

/// The profile as the user typed it, unchecked.
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

/// What the form changes; the account keeps the rest.
fn changed_claims(form: &Parameters) -> Result<StandardClaims, String> {
    let field = |name: &str| match form.get(name).map(text::cleaned) {
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
    Ok(StandardClaims {
        name: field("name")?,
        given_name: field("given_name")?,
        family_name: field("family_name")?,
        nickname: field("nickname")?,
        phone_number: field("phone_number")?,
        birthdate,
        zoneinfo: field("zoneinfo")?,
        locale: field("locale")?,
        ..StandardClaims::default()
    })
}

/// Signs another browser out.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn end_other(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    let other = form.get("session").and_then(|number| number.parse().ok()).unwrap_or_default();
    let command = AccountCommand::EndOther(session.proof.clone(), other);
    tell(server, &session, command, "session").await
}

/// Takes an app's access back, or one scope of it.
///
/// # Errors
/// A page, where nobody is signed in or the form is not this server's own.
pub async fn revoke_client(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    let (form, session) = signed_in_form(server, request).await?;
    let client_id = form.get("client_id").unwrap_or_default().to_owned();
    let proof = session.proof.clone();
    match form.get("scope") {
        None => {
            let command = AccountCommand::RevokeClient(proof, client_id);
            tell(server, &session, command, "app").await
        }
        Some(scope) => {
            let command = AccountCommand::RevokeScope(proof, client_id, scope.to_owned());
            tell(server, &session, command, "scope").await
        }
    }
}
