//! Signing in with e-mail and password.

use super::account;
use super::browser::{self, ClaimedSession};
use super::failure::{self, Failure};
use super::form::{self, FormPage, OUT_OF_DATE, SessionForm};
use super::http::{Request, Response};
use super::interaction::{Interaction, PendingLink};
use super::server::Server;
use super::upstream::{company, logout, reconcile, start};
use super::waiting::Waiting;
use crate::domain::account::password::PasswordSignIn;
use crate::domain::account::session::NewSession;
use crate::domain::account::{Account, AccountCommand, AccountError, AccountReply, SignedIn};
use crate::domain::attempts::Blocked;
use crate::domain::identifier::{self, LeadsTo, SignInError};
use crate::domain::machine::Address;
use crate::domain::time::{Seconds, Timestamp};
use crate::domain::token::ObjectId;
use crate::pages::sign_in::{ProviderLink, SelectAccount, SignIn, StartOver};
use crate::protocol::parameters;
use crate::upstream::provider::Provider;

/// Shows the sign-in page.
///
/// # Errors
/// A page, where the interaction has expired.
pub fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    let interaction = Interaction::open(server, request, query.get("flow"))?;
    let asked = interaction.authorization();
    let hint = asked.and_then(|authorization| authorization.login_hint.clone());
    page(server, request, &interaction, Shown::hint(hint.unwrap_or_default()))
}

/// What the page shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// The status.
    pub status: u16,
    /// The address that was typed or hinted.
    pub email: String,
    /// What was wrong.
    pub error: Option<String>,
    /// Whether the address was asked for, and led to no company: now the password is.
    pub asks_password: bool,
    /// Why the page is shown again.
    pub notice: Option<&'static str>,
}

impl Shown {
    /// The page at first.
    pub fn hint(email: String) -> Self {
        Self { status: 200, email, error: None, asks_password: false, notice: None }
    }

    /// The page with what was wrong.
    pub fn error(status: u16, message: String) -> Self {
        Self { status, error: Some(message), ..Self::hint(String::new()) }
    }
}

/// Renders the page. Where the address decides who signs the person in, it is asked for first.
pub(super) fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    interaction: &Interaction,
    shown: Shown,
) -> Result<Response, Failure> {
    let address_first = company::any(server) && !shown.asks_password;
    let leads_to = match interaction.redirect_uri() {
        None if address_first => Some(server.issuer.as_str()),
        uri => uri,
    };
    let form = FormPage::of_browser(server, request).leading_to(leads_to).with_notice(shown.notice);
    let flow = flow(server, interaction)?;
    let link = match interaction {
        Interaction::Link(pending) => {
            Some((pending.provider_name.as_str(), pending.identity.label()))
        }
        _ => None,
    };
    let takes_address = matches!(interaction, Interaction::Link(pending) if pending.is_unproven);
    let page = SignIn {
        csrf: &form.csrf,
        flow: &flow,
        sign_up: server
            .settings
            .sign_up
            .then(|| interaction.address(server, "/sign-up"))
            .transpose()?
            .filter(|_| link.is_none()),
        email: &shown.email,
        error: shown.error,
        asks_password: !address_first,
        providers: provider_links(server, interaction, &flow),
        link,
        takes_address,
    };
    Ok(form.render(shown.status, &page))
}

/// The providers that anyone may choose: a company's is found by the address.
pub(super) fn provider_links(
    server: &Server<'_>,
    interaction: &Interaction,
    flow: &str,
) -> Vec<ProviderLink> {
    let waits_for = match interaction {
        Interaction::Link(pending) => Some(&pending.identity.provider),
        _ => None,
    };
    let providers = server.settings.providers.iter().filter(|provider| {
        provider.signs_in && provider.domains.is_empty() && waits_for != Some(&provider.id)
    });
    let query = match flow {
        "" => String::new(),
        flow => format!("?{}", parameters::encode([("flow", flow)])),
    };
    let link = |provider: &Provider| ProviderLink {
        name: provider.name.clone(),
        address: server.url(&format!("/sign-in/{}{query}", provider.id)),
    };
    providers.map(link).collect()
}

/// The value of the hidden field that carries an interaction on; empty for the account page.
pub(super) fn flow(server: &Server<'_>, interaction: &Interaction) -> Result<String, Failure> {
    match interaction {
        Interaction::Account => Ok(String::new()),
        other => other.seal(server),
    }
}

/// Signs in, and goes on with what waited. Wrong address and wrong password are told alike, and
/// take the same time.
///
/// # Errors
/// A page, where the form is not this server's own or the interaction has expired.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let came_at = server.now();
    let form = match form::of_browser(server, request)? {
        Ok(form) => form,
        Err(outdated) => {
            let interaction = Interaction::open(server, request, outdated.flow())?;
            let email = outdated.typed.get("email").unwrap_or_default().to_owned();
            let (notice, asks_password) = (Some(outdated.notice), outdated.had_password);
            let shown = Shown { status: OUT_OF_DATE, notice, asks_password, ..Shown::hint(email) };
            return page(server, request, &interaction, shown);
        }
    };
    let interaction = Interaction::open(server, request, form.get("flow"))?;
    if let Interaction::Link(pending) = &interaction {
        match form.get("decision") {
            Some("not-mine") => return start_over(server, request, pending),
            Some("start-over") => {
                return reconcile::take_address(server, request, *pending.clone()).await;
            }
            _ => {}
        }
    }
    let email = form.get("email").unwrap_or_default().trim().to_owned();
    // A company's people sign in there, whatever password they type here.
    if let Some(company) = company::of(server, &email).await? {
        let hint = (Some(email), false);
        return start::to_provider(server, request, company, interaction, hint).await;
    }
    if form.get("password").is_none() && company::any(server) && !email.is_empty() {
        let shown = Shown { asks_password: true, ..Shown::hint(email) };
        return page(server, request, &interaction, shown);
    }
    let (waiting, asks) = Waiting::new(server, interaction.clone()).await?;
    // Anyone may send a browser here with a confirmation of their own (`Interaction::Confirm`).
    let confirms = matches!(interaction, Interaction::Link(_));
    let session = NewSession { asks, confirms, ..browser::new_session(server, request) };
    let credentials = (email.as_str(), form.get("password").unwrap_or_default());
    match sign_in(server, request, credentials, session).await? {
        Ok((account, signed_in)) => waiting.go_on(server, account, signed_in).await,
        Err(refused) => {
            if refused != Refused::Exhausted {
                wait_for_whole_second(server, came_at).await?;
            }
            let error = Shown::error(refused.status(), refused.to_string());
            page(server, request, &interaction, Shown { email, asks_password: true, ..error })
        }
    }
}

/// Asks once more whether to leave the account with the address to whoever made it.
fn start_over(
    server: &Server<'_>,
    request: &Request<'_>,
    pending: &PendingLink,
) -> Result<Response, Failure> {
    let interaction = Interaction::Link(Box::new(pending.clone()));
    let form = FormPage::of_browser(server, request).leading_to(interaction.redirect_uri());
    let page = StartOver {
        csrf: &form.csrf,
        flow: &interaction.seal(server)?,
        email: pending.identity.verified_email.as_deref().unwrap_or_default(),
        back: &interaction.address(server, "/sign-in")?,
    };
    Ok(form.render(200, &page))
}

/// Why nobody was signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("This e-mail address and password do not match an account. Check both and try again.")]
    Wrong,
    #[error("Too many attempts. Try again in {}.", failure::in_words(.0.retry_after))]
    Blocked(Blocked),
    #[error("Too many sign-ins from your network. Try again in a few minutes.")]
    Exhausted,
}

impl Refused {
    fn status(self) -> u16 {
        match self {
            Self::Wrong => 422,
            Self::Blocked(_) | Self::Exhausted => 429,
        }
    }
}

/// The name of the throttle that counts the passwords from a network.
pub(super) fn throttle(server: &Server<'_>, request: &Request<'_>) -> String {
    format!("sign-in/{}", server.network_of(request))
}

/// Delays the response to a failed sign-in until a whole number of seconds after the request arrived. An
/// account that exists responds faster or slower than one that doesn't, depending on its location and on what
/// it stores. The delay hides that from anyone who probes addresses.
async fn wait_for_whole_second(server: &Server<'_>, came_at: Timestamp) -> Result<(), Failure> {
    let spent = came_at.seconds_until(server.now()).max(1);
    Ok(server.ports.timer.wait_until(came_at.plus(Seconds(spent))).await?)
}

async fn sign_in(
    server: &Server<'_>,
    request: &Request<'_>,
    credentials: (&str, &str),
    session: NewSession,
) -> Result<Result<(ObjectId, SignedIn), Refused>, Failure> {
    let limit = server.settings.limits.sign_in;
    let throttle = throttle(server, request);
    if !server.guess(&throttle, limit).await? {
        return Ok(Err(Refused::Exhausted));
    }
    let result = attempt(server, request, credentials, session).await?;
    server.guessed(&throttle, limit, result.is_ok()).await?;
    if let Ok((account, _)) = &result {
        end_session_of_other(server, request, account).await?;
    }
    Ok(result)
}

/// Follows the address to its account, which counts the attempt, verifies the password and begins the session.
/// An address without an account causes the same calls: the identifier counts the attempt, and the object of the
/// class `Account` with the identifier's name hashes the password and stores nothing.
async fn attempt(
    server: &Server<'_>,
    request: &Request<'_>,
    (email, password): (&str, &str),
    session: NewSession,
) -> Result<Result<(ObjectId, SignedIn), Refused>, Failure> {
    // No account can have such an address, so this early response reveals nothing.
    if email.is_empty() || email.len() > 254 {
        return Ok(Err(Refused::Wrong));
    }
    let identifier = Address::Name(identifier::of_email(email));
    let account = match server.ask(&identifier, identifier::SignIn).await? {
        Ok(LeadsTo::Account(account)) => ObjectId::parse(&account),
        Ok(LeadsTo::Nobody) => None,
        Err(SignInError::Blocked(blocked)) => return Ok(Err(Refused::Blocked(blocked))),
    };
    let address = match &account {
        Some(account) => Address::Id(account.as_str().to_owned()),
        None => identifier,
    };
    let replaces = browser::claimed_session(request)
        .filter(|held| account.as_ref() == Some(&held.account))
        .map(|held| held.proof);
    let sign_in = PasswordSignIn { password: password.into(), session, replaces };
    let command = AccountCommand::SignIn(Box::new(sign_in));
    match (account, server.send::<Account>(&address, command).await?) {
        (Some(account), Ok(AccountReply::SignedIn(signed_in))) => Ok(Ok((account, *signed_in))),
        (_, Ok(_)) => Err(Failure::internal("a sign-in was answered by something else")),
        (_, Err(AccountError::WrongPassword | AccountError::Unknown)) => Ok(Err(Refused::Wrong)),
        (_, Err(AccountError::Blocked(blocked))) => Ok(Err(Refused::Blocked(blocked))),
        (_, Err(error)) => Err(error.into()),
    }
}

/// Ends the session that another user left in this browser, which holds one session.
pub(super) async fn end_session_of_other(
    server: &Server<'_>,
    request: &Request<'_>,
    account: &ObjectId,
) -> Result<(), Failure> {
    match browser::claimed_session(request).filter(|held| held.account != *account) {
        Some(held) => end(server, &held).await,
        None => Ok(()),
    }
}

/// Signs out of this browser.
///
/// # Errors
/// A page, where the form is not this server's own.
pub async fn sign_out(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let origin = match form::of_session(server, request)? {
        SessionForm::Current(_, session) => {
            let origin = session.read(server).await?.and_then(|view| view.origin);
            end(server, &session).await?;
            origin
        }
        SessionForm::Outdated(outdated) => {
            return account::redraw(server, request, &outdated).await;
        }
        SessionForm::SignedOut(_) => None,
    };
    let to = server.url("/signed-out");
    let response = logout::onward(server, request, origin.as_ref(), to).await?;
    Ok(browser::without_session(response))
}

/// Ends a session; one that has ended already is no error.
pub(super) async fn end(server: &Server<'_>, session: &ClaimedSession) -> Result<(), Failure> {
    let command = AccountCommand::EndSession(session.proof.clone());
    match server.send::<Account>(&session.address(), command).await? {
        Ok(_) | Err(AccountError::NoSession | AccountError::Unknown) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Asks which account to go on with (`prompt=select_account`).
///
/// # Errors
/// A page, where the interaction has expired.
pub async fn select_account(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    let query = request.query()?;
    let interaction = Interaction::open(server, request, query.get("flow"))?;
    ask_for_account(server, request, interaction, None).await
}

/// Renders the page that asks for the account; `notice` says why it is shown again.
async fn ask_for_account(
    server: &Server<'_>,
    request: &Request<'_>,
    interaction: Interaction,
    notice: Option<&'static str>,
) -> Result<Response, Failure> {
    let to_sign_in = interaction.address(server, "/sign-in")?;
    let session = match browser::claimed_session(request) {
        Some(session) => session.read(server).await?,
        None => None,
    };
    let Some(session) = session else {
        return Ok(Response::see_other(&to_sign_in));
    };
    let form = FormPage::of_session(server, request)?
        .leading_to(interaction.redirect_uri())
        .with_notice(notice);
    let page = SelectAccount {
        csrf: &form.csrf,
        flow: &flow(server, &interaction)?,
        email: session.label(),
        other: &to_sign_in,
    };
    Ok(form.render(form.status(), &page))
}

/// Goes on with the account that is signed in.
///
/// # Errors
/// A page, where the form is not this server's own or the interaction has expired.
pub async fn account_selected(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    let (form, session) = match form::of_session(server, request)? {
        SessionForm::Current(form, session) => (form, Some(session)),
        SessionForm::Outdated(outdated) => {
            let interaction = Interaction::open(server, request, outdated.flow())?;
            return ask_for_account(server, request, interaction, Some(outdated.notice)).await;
        }
        SessionForm::SignedOut(form) => (form, None),
    };
    let mut interaction = Interaction::open(server, request, form.get("flow"))?;
    interaction.choose_account();
    // Only a sign-in links what waits: a session that is there already, or a copy of its cookie, doesn't.
    let needs_sign_in = interaction.needs_fresh_sign_in();
    match session.filter(|_| !needs_sign_in) {
        Some(session) => interaction.resume(server, session).await,
        None => Ok(Response::see_other(&interaction.address(server, "/sign-in")?)),
    }
}
