//! "Confirm it's you": the evidence that a user gives before changing how they sign in.
//!
//! A user with a password types it with each change, or signs in at a linked provider from this page. A user without
//! one must have signed in within the last ten minutes, at a provider that reports `auth_time`. The account checks the
//! evidence again in the step that makes the change (`domain/account/credentials/confirmation.rs`).

use super::overview::linked_providers;
use crate::domain::account::{Confirm, ConfirmError, Confirmation, SessionView, is_recent};
use crate::domain::attempts::Blocked;
use crate::endpoints::browser::ClaimedSession;
use crate::endpoints::failure::{self, Failure};
use crate::endpoints::form::FormPage;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::Interaction;
use crate::endpoints::server::Server;
use crate::pages::account::ConfirmIdentity;
use crate::protocol::parameters::Parameters;
use crate::upstream::provider::Provider;

/// Why a change was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::endpoints) enum Unconfirmed {
    /// The user has a password and did not type it.
    #[error("Enter your password to continue.")]
    NoPassword,
    /// The password is wrong.
    #[error("That password isn't right. Nothing was changed.")]
    WrongPassword,
    /// Too many wrong passwords for this account.
    #[error("Too many attempts. Try again in {}.", failure::in_words(.0.retry_after))]
    Blocked(Blocked),
    /// Too many passwords from this network, wrong or right.
    #[error("Too many attempts from your network. Try again in a few minutes.")]
    Exhausted,
    /// The user has no password, and signed in too long ago or at an unknown time.
    #[error("Sign in again first, then repeat this within ten minutes.")]
    SignInAgain,
}

/// Returns the session, and the evidence that the request is the user's or why there is none.
///
/// # Errors
/// A page if nobody is signed in.
pub(in crate::endpoints) async fn confirm(
    server: &Server<'_>,
    request: &Request<'_>,
    session: &ClaimedSession,
    form: &Parameters,
) -> Result<(SessionView, Result<Confirmation, Unconfirmed>), Failure> {
    let Some(view) = session.read(server).await? else {
        return Err(Failure::SignedOut);
    };
    let shown = match form.get("current_password") {
        Some(password) if view.has_password => verify(server, request, session, password).await?,
        _ if is_recent(view.confirmed_at, server.now()) => Ok(Confirmation::SignIn),
        _ if view.has_password => Err(Unconfirmed::NoPassword),
        _ => Err(Unconfirmed::SignInAgain),
    };
    Ok((view, shown))
}

/// Like [`confirm`], but accepts any sign-in within the last ten minutes. For changes that don't add a way to sign in,
/// but let whoever makes them act as one of the user's apps.
///
/// # Errors
/// A page if nobody is signed in.
pub(in crate::endpoints) async fn has_shown_lately(
    server: &Server<'_>,
    request: &Request<'_>,
    session: &ClaimedSession,
    form: &Parameters,
) -> Result<(SessionView, Result<(), Unconfirmed>), Failure> {
    let (view, shown) = confirm(server, request, session, form).await?;
    // Without a password and a known `auth_time`, the start of the session is the best evidence there is.
    let since = match view.auth_time {
        None if !view.has_password => Some(view.started_at),
        known => known,
    };
    let is_enough = |why: &Unconfirmed| {
        is_recent(since, server.now())
            && matches!(why, Unconfirmed::NoPassword | Unconfirmed::SignInAgain)
    };
    let shown = match shown {
        Err(why) if !is_enough(&why) => Err(why),
        _ => Ok(()),
    };
    Ok((view, shown))
}

/// Has the account verify the current password. The attempt counts against the same limits of the account and the
/// network as one at sign-in.
async fn verify(
    server: &Server<'_>,
    request: &Request<'_>,
    session: &ClaimedSession,
    password: &str,
) -> Result<Result<Confirmation, Unconfirmed>, Failure> {
    let throttle = server.password_throttle(request);
    let limit = server.settings.limits.sign_in;
    if !server.guess(&throttle, limit).await? {
        return Ok(Err(Unconfirmed::Exhausted));
    }
    let command = Confirm { session: session.proof.clone(), password: password.into() };
    let shown = match server.ask(&session.address(), command).await? {
        Ok(record) => Ok(Confirmation::Password(record)),
        Err(ConfirmError::WrongPassword) => Err(Unconfirmed::WrongPassword),
        Err(ConfirmError::Blocked(blocked)) => Err(Unconfirmed::Blocked(blocked)),
        Err(error) => return Err(error.into()),
    };
    server.guessed(&throttle, limit, shown.is_ok()).await?;
    Ok(shown)
}

/// A request that needs a confirmation.
pub(in crate::endpoints) struct Question<'a> {
    /// Its form fields.
    pub form: &'a Parameters,
    /// Why it was not confirmed.
    pub why: Unconfirmed,
    /// What it changes, as a sentence.
    pub reason: String,
    /// Where the user came from.
    pub back: &'a str,
    /// Whether any sign-in within the last ten minutes is enough ([`has_shown_lately`]).
    pub is_any_sign_in_enough: bool,
}

/// The page that asks for the evidence. Its form sends the request again, together with the evidence.
///
/// # Errors
/// Internal errors only.
pub(in crate::endpoints) async fn ask(
    server: &Server<'_>,
    request: &Request<'_>,
    view: &SessionView,
    Question { form, why, reason, back, is_any_sign_in_enough }: Question<'_>,
) -> Result<Response, Failure> {
    let linked = linked_providers(server, request).await?;
    let mut ways = ways(server, &view.account, &linked)?;
    if is_any_sign_in_enough && !view.has_password {
        // Other providers report no `auth_time`, so the start of the session counts.
        let others = linked.iter().filter(|provider| !confirms(provider));
        let plain = |provider: &&Provider| server.url(&format!("/sign-in/{}", provider.id));
        ways.extend(others.map(|provider| (provider.name.clone(), plain(provider))));
    }
    let page_form = FormPage::of_session(server, request)?.leading_to(Some(&server.issuer));
    let own = ["csrf", "current_password", "username"];
    let page = ConfirmIdentity {
        csrf: &page_form.csrf,
        action: &request.path,
        reason: &reason,
        fields: form.pairs().filter(|(name, _)| !own.contains(name)).collect(),
        email: view.email.as_deref().unwrap_or_default(),
        has_password: view.has_password,
        cannot_confirm: linked.first().map(|provider| provider.name.as_str()),
        providers: ways,
        brand: &server.settings.brand.name,
        back,
        // If no evidence was sent yet, that is no error.
        error: (!matches!(why, Unconfirmed::NoPassword | Unconfirmed::SignInAgain))
            .then(|| why.to_string()),
    };
    let status = match why {
        Unconfirmed::Blocked(_) | Unconfirmed::Exhausted => 429,
        _ => 403,
    };
    Ok(page_form.render(status, &page))
}

/// The linked providers that can authenticate the user again: display name, and the URL that starts it.
///
/// # Errors
/// Internal errors only.
pub(super) fn ways(
    server: &Server<'_>,
    account: &str,
    linked: &[&Provider],
) -> Result<Vec<(String, String)>, Failure> {
    let confirm = Interaction::Confirm { account: account.to_owned() };
    let asked = linked.iter().filter(|provider| confirms(provider));
    asked
        .map(|provider| {
            let address = confirm.address(server, &format!("/sign-in/{}", provider.id))?;
            Ok((provider.name.clone(), address))
        })
        .collect()
}

/// Whether a new sign-in at the provider can confirm a change: only if the provider reports when the user
/// authenticated.
fn confirms(provider: &Provider) -> bool {
    provider.is_openid() && provider.reports_auth_time
}
