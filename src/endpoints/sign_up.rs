//! Sign-up: creates an account and signs the user in.

use super::browser;
use super::failure::Failure;
use super::form::{self, FormPage, OUT_OF_DATE};
use super::http::{Request, Response};
use super::interaction::Interaction;
use super::new_account::{self, Created};
use super::outcome::Outcome;
use super::server::Server;
use super::sign_in;
use super::upstream::{company, start};
use super::waiting::Waiting;
use crate::domain::account::{NewAccount, NewSession, SignedIn};
use crate::domain::machine::Class;
use crate::domain::password::NewPassword;
use crate::domain::token::ObjectId;
use crate::pages::sign_in::SignUp;
use crate::protocol::claims::StandardClaims;
use crate::protocol::email::is_address;
use crate::protocol::parameters::Parameters;
use crate::protocol::text;
use crate::tenant::{ObjectName, Tries};
use crate::upstream::authorization::AuthorizationParameters;

/// The message for every refusal that isn't caused by the form. An address that has an account and a network that tried
/// too often get the same text, so it doesn't reveal who has an account.
const CANNOT_GO_ON: &str = "We couldn't create an account with these details. If you already have \
                            an account, sign in instead. Otherwise try again later.";

/// Shows the sign-up page.
///
/// # Errors
/// A page if the interaction has expired or sign-up is closed.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    let interaction = Interaction::open(server, request, query.get("flow"))?;
    page(server, request, &interaction, &Filled::default())
}

fn page(
    server: &Server<'_>,
    request: &Request<'_>,
    interaction: &Interaction,
    filled: &Filled<'_>,
) -> Result<Response, Failure> {
    if !server.settings.sign_up {
        let message = "Only the people who run this service can create accounts. Ask them for one.";
        return Err(Failure::page(403, "Sign-up is closed", message));
    }
    let form = FormPage::of_browser(server, request)
        .leading_to(Some(interaction.redirect_uri().unwrap_or(&server.issuer)))
        .with_notice(filled.notice);
    let flow = sign_in::flow(server, interaction)?;
    let page = SignUp {
        csrf: &form.csrf,
        flow: &flow,
        providers: sign_in::provider_links(server, interaction, &flow),
        sign_in: &interaction.address(server, "/sign-in")?,
        name: filled.get("name"),
        email: filled.get("email"),
        error: filled.error.clone(),
    };
    let status = match (&filled.error, filled.notice) {
        (Some(_), _) => 422,
        (None, Some(_)) => OUT_OF_DATE,
        (None, None) => 200,
    };
    Ok(form.render(status, &page))
}

/// What the page shows besides empty fields.
#[derive(Default)]
struct Filled<'a> {
    /// What the user typed.
    form: Option<&'a Parameters>,
    /// The error, for the user.
    error: Option<String>,
    /// Why the page is shown again.
    notice: Option<&'static str>,
}

impl Filled<'_> {
    fn get(&self, name: &str) -> &str {
        self.form.and_then(|form| form.get(name)).unwrap_or_default()
    }
}

/// Creates the account, signs the user in and resumes the interrupted request.
///
/// # Errors
/// A page if the form is not this server's own or the interaction has expired.
pub async fn submit(server: &Server<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let form = match form::of_browser(server, request)? {
        Ok(form) => form,
        Err(outdated) => {
            let interaction = Interaction::open(server, request, outdated.flow())?;
            let (form, notice) = (Some(&outdated.typed), Some(outdated.notice));
            let filled = Filled { form, notice, error: None };
            return page(server, request, &interaction, &filled).map(Outcome::Answer);
        }
    };
    let interaction = Interaction::open(server, request, form.get("flow"))?;
    let email = form.get("email").unwrap_or_default().trim().to_owned();
    // Users of a company sign in at the company's provider.
    if let Some(company) = company::of(server, &email).await? {
        let hint = AuthorizationParameters {
            login_hint: Some(email),
            ..AuthorizationParameters::default()
        };
        return start::to_provider(server, request, company, interaction, hint).await;
    }
    let (waiting, asks) = Waiting::new(server, interaction.clone()).await?;
    let confirms = matches!(interaction, Interaction::Link(_));
    let session = NewSession { asks, confirms, ..browser::new_session(server, request) };
    match sign_up(server, request, &form, session).await? {
        Ok((account, signed_in)) => waiting.signed_in(server, account, signed_in).await,
        Err(message) => {
            let filled = Filled { form: Some(&form), error: Some(message), notice: None };
            page(server, request, &interaction, &filled).map(Outcome::Answer)
        }
    }
}

async fn sign_up(
    server: &Server<'_>,
    request: &Request<'_>,
    form: &Parameters,
    session: NewSession,
) -> Result<Result<(ObjectId, SignedIn), String>, Failure> {
    if !server.settings.sign_up {
        return Ok(Err(CANNOT_GO_ON.to_owned()));
    }
    let email = form.get("email").unwrap_or_default().trim();
    if !is_address(email) {
        return Ok(Err("Enter an email address such as name@example.com.".to_owned()));
    }
    let name = text::cleaned(form.get("name").unwrap_or_default());
    if name.chars().count() > 200 {
        return Ok(Err("Enter a name of at most 200 characters.".to_owned()));
    }
    let password = match NewPassword::parse(form.get("password").unwrap_or_default(), email) {
        Ok(password) => password,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let throttle = ObjectName::throttle(Tries::SignUp(&server.network_of(request)));
    // Check the limit first: requests beyond it must cost no CPU time.
    if !server.spend(&throttle, server.settings.limits.sign_up).await? {
        return Ok(Err(CANNOT_GO_ON.to_owned()));
    }
    let claims = StandardClaims {
        name: (!name.is_empty()).then(|| name.into_owned()),
        email: Some(email.to_owned()),
        email_verified: Some(false),
        updated_at: Some(server.now().seconds()),
        ..StandardClaims::default()
    };
    let account = server.ports.objects.new_id(Class::Account)?;
    let new = NewAccount {
        account: account.to_string(),
        address: Some((email.to_owned(), ObjectName::email(email))),
        claims,
        password: Some(password.into()),
        identity: None,
    };
    // The new account hashes the password. A taken address and a network beyond its limit are both refused before that,
    // so neither the time nor the message tells them apart.
    match new_account::create(server, request, session, new).await? {
        Created::SignedIn(account, signed_in) => {
            browser::end_session_of_other(server, request, &account).await?;
            Ok(Ok((account, signed_in)))
        }
        Created::Before(_) | Created::Taken => Ok(Err(CANNOT_GO_ON.to_owned())),
    }
}
