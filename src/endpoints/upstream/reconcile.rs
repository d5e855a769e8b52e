//! Whose account is it? A person whom a provider signed in is found, linked, given an account, or
//! refused, as the operator's rules for that provider say.

use super::callback::authenticated;
use super::{company, find};
use crate::domain::account::authorize::AuthorizeRequest;
use crate::domain::account::confirmation::Confirmation;
use crate::domain::account::identity::{Link, UpstreamSignIn};
use crate::domain::account::row::SessionOrigin;
use crate::domain::account::session::NewSession;
use crate::domain::account::{
    self as domain_account, Account, AccountCommand, AccountError, AccountReply, NewAccount,
    OwnAddress,
};
use crate::domain::identifier::{self, LeadsTo};
use crate::domain::identity::{Identity, UpstreamSession, session_identifier};
use crate::domain::machine::{Address, Class};
use crate::domain::secret::SecretHash;
use crate::domain::time::Timestamp;
use crate::domain::token::ObjectId;
use crate::endpoints::account;
use crate::endpoints::browser::{self, ClaimedSession};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::{Interaction, PendingLink};
use crate::endpoints::new_account;
use crate::endpoints::server::Server;
use crate::endpoints::sign_in::{self, Shown};
use crate::endpoints::waiting::Waiting;
use crate::protocol::claims::StandardClaims;
use crate::protocol::text;
use crate::upstream::provider::{Creation, Linking, Provider};

/// A person whom a provider signed in.
pub(super) struct Person {
    /// The user's identity at the provider.
    pub identity: Identity,
    /// How and when the user authenticated there.
    pub session: UpstreamSession,
    /// The app wanted a sign-in at or after this.
    pub signed_in_since: Option<Timestamp>,
    /// Whether the user signed in to confirm a change.
    pub confirms: bool,
    /// What the app asks of the account that the person turns out to have.
    pub asks: Option<Box<AuthorizeRequest>>,
}

/// What the rules come to.
enum Verdict {
    /// The person is signed in.
    SignedIn(ObjectId, Box<domain_account::SignedIn>),
    /// The address has an account already, so the user must sign in to it to show that it is theirs.
    /// `is_unproven`: the account never proved the address, so the user may take it instead.
    ProveOwnership { is_unproven: bool },
    /// The company of the address signs its people in elsewhere.
    Elsewhere(String, String),
    /// Not this person, and why.
    Refused(String),
}

/// Signs the person in, and goes on with what waited.
///
/// # Errors
/// Only what is ours.
pub(super) async fn sign_in(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    mut person: Person,
    interaction: Interaction,
) -> Result<Response, Failure> {
    if let Interaction::Confirm { account } = &interaction {
        let owner = owner(server, &person.identity.identifier()).await?;
        if owner.is_none_or(|owner| owner.as_str() != account) {
            let message = format!(
                "That {} account isn't linked to yours here. Sign in with the one that is.",
                provider.name
            );
            return account::refused(server, request, 403, message).await;
        }
    }
    let (waiting, asks) = Waiting::new(server, interaction.clone()).await?;
    person.asks = asks;
    match decide(server, request, provider, &person).await? {
        Verdict::SignedIn(account, signed_in) => {
            go_on(server, request, &person, (waiting, account, signed_in)).await
        }
        Verdict::ProveOwnership { is_unproven } => {
            let Person { identity, session, .. } = person;
            let email = identity.verified_email.clone().unwrap_or_default();
            // The way to the provider left a token in this browser.
            let Some(token) = browser::csrf_token(request) else {
                return Err(Failure::page(400, "This page has expired", "Sign in once more."));
            };
            let pending = PendingLink {
                provider_name: provider.name.clone(),
                identity,
                session,
                is_unproven,
                update: provider.claims_update,
                next: interaction,
                browser: SecretHash::of_text(&token),
            };
            let interaction = Interaction::Link(Box::new(pending));
            sign_in::page(server, request, &interaction, Shown::hint(email))
        }
        Verdict::Elsewhere(name, email) => {
            let message = format!("Addresses of {} sign in with {name}.", domain_of(&email));
            let shown = Shown { email, ..Shown::error(403, message) };
            sign_in::page(server, request, &interaction, shown)
        }
        Verdict::Refused(message) => {
            sign_in::page(server, request, &interaction, Shown::error(403, message))
        }
    }
}

async fn go_on(
    server: &Server<'_>,
    request: &Request<'_>,
    person: &Person,
    (waiting, account, signed_in): (Waiting, ObjectId, Box<domain_account::SignedIn>),
) -> Result<Response, Failure> {
    sign_in::end_session_of_other(server, request, &account).await?;
    lend(server, person, &account).await?;
    waiting.go_on(server, account, *signed_in).await
}

/// A user whose address a provider vouches for says that the account with that address isn't theirs: someone
/// else signed up with it and never proved it. The user gets a new account with the address; the page of the
/// other account says that it lost the address.
///
/// # Errors
/// A page, if the provider is no longer configured.
pub async fn take_address(
    server: &Server<'_>,
    request: &Request<'_>,
    pending: PendingLink,
) -> Result<Response, Failure> {
    let provider =
        find(server, &pending.identity.provider).ok_or_else(super::start::unknown_provider)?;
    let refuse =
        |message: String| sign_in::page(server, request, &pending.next, Shown::error(403, message));
    let (waiting, asks) = Waiting::new(server, pending.next.clone()).await?;
    let person = Person {
        identity: pending.identity.clone(),
        session: pending.session.clone(),
        signed_in_since: None,
        confirms: false,
        asks,
    };
    let Some(email) = person.identity.verified_email.clone() else {
        return refuse(format!("{} doesn't vouch for that address.", provider.name));
    };
    if let Err(message) = may_create(provider, &person.identity) {
        return refuse(message);
    }
    let identifier = identifier::of_email(&email);
    if let Some(other) = owner(server, &identifier).await? {
        let address = Address::Id(other.as_str().to_owned());
        let command = AccountCommand::YieldAddress(identifier);
        match server.send::<Account>(&address, command).await? {
            Ok(_) | Err(AccountError::Unknown) => {}
            Err(AccountError::AddressProven) => {
                let message =
                    format!("The account with {email} has proven the address. Sign in to it.");
                return refuse(message);
            }
            Err(error) => return Err(error.into()),
        }
    }
    match create(server, request, provider, &person, Some(email)).await? {
        Verdict::SignedIn(account, signed_in) => {
            go_on(server, request, &person, (waiting, account, signed_in)).await
        }
        _ => refuse(in_between(&provider.name)),
    }
}

/// Has the provider's session lead to the account, for a logout that names nothing else.
async fn lend(server: &Server<'_>, person: &Person, account: &ObjectId) -> Result<(), Failure> {
    let Person { identity, session, .. } = person;
    let Some(sid) = &session.sid else {
        return Ok(());
    };
    let name = Address::Name(session_identifier(&identity.issuer, sid));
    let until = server.now().plus(server.settings.lifetimes.session);
    let command = identifier::Lend { account: account.to_string(), until };
    // A name that is another's is none of this provider's making: the logout by `sub` remains.
    server.ask(&name, command).await?.ok();
    Ok(())
}

fn domain_of(email: &str) -> String {
    crate::protocol::email::domain(email).unwrap_or_default().to_owned()
}

async fn decide(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &Person,
) -> Result<Verdict, Failure> {
    let identity = &person.identity;
    if let Some(email) = &identity.verified_email
        && let Some(other) = company::elsewhere(server, provider, email).await?
    {
        return Ok(Verdict::Elsewhere(other.name.clone(), email.clone()));
    }
    // Found: the identity leads to an account.
    if let Some(account) = owner(server, &identity.identifier()).await? {
        let address = own_address(server, &account).await?.map(|own| own.email);
        if let Some(email) = &address
            && let Some(other) = company::elsewhere(server, provider, email).await?
        {
            return Ok(Verdict::Elsewhere(other.name.clone(), email.clone()));
        }
        let adopts_address = match (&address, &identity.verified_email) {
            (None, Some(email)) => claim_free(server, &account, email).await?,
            _ => None,
        };
        let link = Linked { by_email: false, adopts_address: adopts_address.clone() };
        if let Some(verdict) =
            try_account(server, request, provider, person, (account.clone(), link)).await?
        {
            return Ok(verdict);
        }
        if let Some(name) = adopts_address {
            new_account::unclaim(server, &name, account.as_str()).await?;
        }
        // It led to an account that is gone, or gave it up: the identity is nobody's.
    }
    let Some(email) = &identity.verified_email else {
        return create(server, request, provider, person, None).await;
    };
    let Some(account) = owner(server, &identifier::of_email(email)).await? else {
        return create(server, request, provider, person, Some(email.clone())).await;
    };
    match provider.linking {
        Linking::Never => create(server, request, provider, person, None).await,
        Linking::SignInFirst => {
            let own = own_address(server, &account).await?;
            Ok(Verdict::ProveOwnership { is_unproven: own.is_some_and(|own| !own.is_proven) })
        }
        Linking::VerifiedEmail => {
            // The names are claimed first, as for a new account.
            let name = identity.identifier();
            if !new_account::claim(server, &name, account.as_str()).await? {
                return Ok(Verdict::Refused(in_between(&provider.name)));
            }
            let link = Linked { by_email: true, adopts_address: None };
            let linked =
                try_account(server, request, provider, person, (account.clone(), link)).await?;
            if linked.is_none() {
                new_account::unclaim(server, &name, account.as_str()).await?;
            }
            Ok(linked.unwrap_or(Verdict::ProveOwnership { is_unproven: true }))
        }
    }
}

fn in_between(name: &str) -> String {
    format!("Another sign-in with {name} was faster. Try again.")
}

/// The account that a name leads to.
async fn owner(server: &Server<'_>, name: &str) -> Result<Option<ObjectId>, Failure> {
    let address = Address::Name(name.to_owned());
    match server.ask(&address, identifier::Read).await? {
        Ok(LeadsTo::Account(account)) => Ok(ObjectId::parse(&account)),
        Ok(LeadsTo::Nobody) => Ok(None),
    }
}

async fn own_address(
    server: &Server<'_>,
    account: &ObjectId,
) -> Result<Option<OwnAddress>, Failure> {
    let address = Address::Id(account.as_str().to_owned());
    match server.send::<Account>(&address, AccountCommand::Address).await? {
        Ok(AccountReply::Address(own)) => Ok(own),
        Ok(_) => Err(Failure::internal("an address was answered by something else")),
        Err(AccountError::Unknown) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Claims an address that a provider vouches for, if no account has it. Returns the name of its identifier.
async fn claim_free(
    server: &Server<'_>,
    account: &ObjectId,
    email: &str,
) -> Result<Option<String>, Failure> {
    let name = identifier::of_email(email);
    let is_free = owner(server, &name).await?.is_none();
    let is_claimed = is_free && new_account::claim(server, &name, account.as_str()).await?;
    Ok(is_claimed.then_some(name))
}

/// How a sign-in links its identity to the account.
struct Linked {
    /// Whether to link an identity that isn't linked yet, by the address that both have proven.
    by_email: bool,
    /// The name of the identifier whose address becomes the account's own.
    adopts_address: Option<String>,
}

/// Signs in to an account, linking the identity where the account may take it at once; none where
/// the account does not know the person.
async fn try_account(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &Person,
    (account, link): (ObjectId, Linked),
) -> Result<Option<Verdict>, Failure> {
    let replaces = browser::claimed_session(request)
        .filter(|held| held.account == account)
        .map(|held| held.proof);
    let sign_in = UpstreamSignIn {
        identity: person.identity.clone(),
        update: provider.claims_update,
        link_by_email: link.by_email,
        session: session(server, request, provider, person),
        replaces,
        adopts_address: link.adopts_address,
    };
    let address = Address::Id(account.as_str().to_owned());
    match server.send::<Account>(&address, AccountCommand::SignInWith(Box::new(sign_in))).await? {
        Ok(AccountReply::SignedIn(signed_in)) => Ok(Some(Verdict::SignedIn(account, signed_in))),
        Ok(_) => Err(Failure::internal("a sign-in was answered by something else")),
        Err(AccountError::NotLinked | AccountError::Unknown) => Ok(None),
        Err(error @ AccountError::TooManyIdentities) => {
            Ok(Some(Verdict::Refused(format!("Your account cannot be linked: {error}."))))
        }
        Err(error) => Err(error.into()),
    }
}

fn session(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &Person,
) -> NewSession {
    let Person { identity, session, .. } = person;
    NewSession {
        amr: session.amr.clone(),
        authenticated: authenticated(session.auth_time, person.signed_in_since),
        confirms: person.confirms,
        origin: Some(SessionOrigin {
            provider: provider.id.clone(),
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            sid: session.sid.clone(),
        }),
        asks: person.asks.clone(),
        ..browser::new_session(server, request)
    }
}

/// Checks that the provider's `create` setting allows an account for a user who has none; the error is for
/// the user.
fn may_create(provider: &Provider, identity: &Identity) -> Result<(), String> {
    let verified = identity.verified_email.as_deref();
    let allowed = match provider.creation {
        Creation::Open => true,
        Creation::Invited => verified.is_some_and(|email| provider.has_invited(email)),
        Creation::Off => false,
    };
    if allowed {
        return Ok(());
    }
    let (name, called) = (&provider.name, text::isolated(identity.label()));
    Err(format!(
        "There is no account here for {called} of {name}, and new ones are made by invitation alone. \
         Ask the people who run this service, or sign in another way."
    ))
}

/// Makes an account, where the rules allow one.
async fn create(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &Person,
    email: Option<String>,
) -> Result<Verdict, Failure> {
    let identity = &person.identity;
    if let Err(message) = may_create(provider, identity) {
        return Ok(Verdict::Refused(message));
    }
    let account = server.ports.objects.new_id(Class::Account)?;
    let claims = StandardClaims {
        email: email.clone(),
        email_verified: email.as_ref().map(|_| true),
        updated_at: Some(server.now().seconds()),
        ..StandardClaims::default()
    };
    let new = NewAccount {
        account: account.to_string(),
        address: email.map(|email| (email.clone(), identifier::of_email(&email))),
        claims,
        password: None,
        identity: Some(Box::new(identity.clone())),
    };
    match new_account::create(server, session(server, request, provider, person), new).await? {
        Some(signed_in) => Ok(Verdict::SignedIn(account, Box::new(signed_in))),
        None => Ok(Verdict::Refused(in_between(&provider.name))),
    }
}

/// Links the identity to the account that began it, if it is still the one that is signed in.
///
/// # Errors
/// Only what is ours.
pub(super) async fn link(
    server: &Server<'_>,
    request: &Request<'_>,
    account: &str,
    link: Link,
) -> Result<Response, Failure> {
    let session = browser::claimed_session(request).filter(|held| held.account.as_str() == account);
    let Some(session) = session else {
        let message = "You signed out, or in as someone else, before it was done. Sign in and try \
                       again.";
        return Err(Failure::page(403, "Nothing was linked", message));
    };
    match link_to(server, &session, link).await? {
        Ok(()) => Ok(Response::see_other(&server.url("/account?done=linked"))),
        Err(message) => account::refused(server, request, 409, message).await,
    }
}

/// Links the waiting identity after the user has signed in to the account.
///
/// # Errors
/// Internal errors only.
pub async fn link_pending(
    server: &Server<'_>,
    session: &ClaimedSession,
    pending: &PendingLink,
) -> Result<Result<(), String>, Failure> {
    let confirmation = Confirmation::SignIn;
    let (identity, update) = (pending.identity.clone(), pending.update);
    link_to(server, session, Link { identity, update, confirmation }).await
}

/// Links an identity to the account of a session. The inner error is for the user.
async fn link_to(
    server: &Server<'_>,
    session: &ClaimedSession,
    link: Link,
) -> Result<Result<(), String>, Failure> {
    let name = link.identity.identifier();
    let taken = taken(&link.identity);
    let account = session.account.as_str();
    let claimed = match owner(server, &name).await? {
        Some(owner) if owner.as_str() == account => false,
        None if new_account::claim(server, &name, account).await? => true,
        _ => return Ok(Err(taken)),
    };
    let command = AccountCommand::Link(session.proof.clone(), Box::new(link));
    let Err(error) = server.send::<Account>(&session.address(), command).await? else {
        return Ok(Ok(()));
    };
    if claimed {
        new_account::unclaim(server, &name, account).await?;
    }
    match error {
        AccountError::TooManyIdentities => Ok(Err(format!("Nothing was linked: {error}."))),
        AccountError::NotConfirmed => Ok(Err(
            "Nothing was linked, because you didn't sign in just now. Sign in and try again."
                .to_owned(),
        )),
        error => Err(error.into()),
    }
}

fn taken(identity: &Identity) -> String {
    format!(
        "{} is linked to another account here. Sign in with it and unlink it there first.",
        text::isolated(identity.label())
    )
}
