//! Whose account is it? A person whom a provider signed in is found, linked, given an account, or
//! refused, as the operator's rules for that provider say.

use super::callback::auth_time;
use super::company;
use crate::domain::account::authorize::AuthorizeRequest;
use crate::domain::account::identity::UpstreamSignIn;
use crate::domain::account::row::SessionOrigin;
use crate::domain::account::session::NewSession;
use crate::domain::account::{
    self as domain_account, Account, AccountCommand, AccountError, AccountReply, NewAccount,
};
use crate::domain::identifier::{self, Identifier, IdentifierCommand, IdentifierReply};
use crate::domain::identity::{ClaimsUpdate, Identity, session_identifier};
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
use crate::upstream::provider::{Creation, Linking, Provider};
use crate::upstream::sign_in::SignedIn;

/// A person whom a provider signed in.
pub(super) struct Person {
    pub signed_in: SignedIn,
    /// The app wanted a sign-in at or after this.
    pub signed_in_since: Option<Timestamp>,
    /// What the app asks of the account that the person turns out to have.
    pub asks: Option<Box<AuthorizeRequest>>,
}

/// What the rules come to.
enum Verdict {
    /// The person is signed in.
    SignedIn(ObjectId, Box<domain_account::SignedIn>),
    /// The address has an account, whose owner must show that it is the same person.
    ProveOwnership,
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
    let (waiting, asks) = Waiting::new(server, interaction.clone()).await?;
    person.asks = asks;
    match decide(server, request, provider, &person).await? {
        Verdict::SignedIn(account, signed_in) => {
            sign_in::end_session_of_other(server, request, &account).await?;
            lend(server, &person, &account).await?;
            waiting.go_on(server, account, *signed_in).await
        }
        Verdict::ProveOwnership => {
            let identity = person.signed_in.identity;
            let email = identity.verified_email.clone().unwrap_or_default();
            // The way to the provider left a token in this browser.
            let Some(token) = browser::csrf_token(request) else {
                return Err(Failure::page(400, "This page has expired", "Sign in once more."));
            };
            let pending = PendingLink {
                provider_name: provider.name.clone(),
                identity,
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

/// Has the provider's session lead to the account, for a logout that names nothing else.
async fn lend(server: &Server<'_>, person: &Person, account: &ObjectId) -> Result<(), Failure> {
    let SignedIn { identity, session, .. } = &person.signed_in;
    let Some(sid) = &session.sid else {
        return Ok(());
    };
    let name = Address::Name(session_identifier(&identity.issuer, sid));
    let until = server.now().plus(server.settings.lifetimes.session);
    let command = IdentifierCommand::Lend(account.to_string(), until);
    // A name that is another's is none of this provider's making: the logout by `sub` remains.
    server.send::<Identifier>(&name, command).await?.ok();
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
    let identity = &person.signed_in.identity;
    if let Some(email) = &identity.verified_email
        && let Some(other) = company::elsewhere(server, provider, email).await?
    {
        return Ok(Verdict::Elsewhere(other.name.clone(), email.clone()));
    }
    // Found: the identity leads to an account.
    if let Some(account) = owner(server, &identity.identifier()).await? {
        let address = own_address(server, &account).await?;
        if let Some(email) = address
            && let Some(other) = company::elsewhere(server, provider, &email).await?
        {
            return Ok(Verdict::Elsewhere(other.name.clone(), email));
        }
        if let Some(verdict) =
            try_account(server, request, provider, person, account, false).await?
        {
            return Ok(verdict);
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
        Linking::SignInFirst => Ok(Verdict::ProveOwnership),
        Linking::VerifiedEmail => {
            // The names are claimed first, as for a new account.
            let name = identity.identifier();
            if !new_account::claim(server, &name, account.as_str()).await? {
                return Ok(Verdict::Refused(in_between(&provider.name)));
            }
            let linked =
                try_account(server, request, provider, person, account.clone(), true).await?;
            if linked.is_none() {
                new_account::release(server, &name, account.as_str()).await?;
            }
            Ok(linked.unwrap_or(Verdict::ProveOwnership))
        }
    }
}

fn in_between(name: &str) -> String {
    format!("Another sign-in with {name} was faster. Try again.")
}

/// The account that a name leads to.
async fn owner(server: &Server<'_>, name: &str) -> Result<Option<ObjectId>, Failure> {
    let address = Address::Name(name.to_owned());
    match server.send::<Identifier>(&address, IdentifierCommand::Read).await? {
        Ok(IdentifierReply::Account(account)) => Ok(ObjectId::parse(&account)),
        Ok(_) => Ok(None),
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}

async fn own_address(server: &Server<'_>, account: &ObjectId) -> Result<Option<String>, Failure> {
    let address = Address::Id(account.as_str().to_owned());
    match server.send::<Account>(&address, AccountCommand::Address).await? {
        Ok(AccountReply::Address(email)) => Ok(email),
        Ok(_) => Err(Failure::internal("an address was answered by something else")),
        Err(AccountError::Unknown) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Signs in to an account, linking the identity where the account may take it at once; none where
/// the account does not know the person.
async fn try_account(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &Person,
    account: ObjectId,
    link_by_email: bool,
) -> Result<Option<Verdict>, Failure> {
    let replaces = browser::claimed_session(request)
        .filter(|held| held.account == account)
        .map(|held| held.proof);
    let sign_in = UpstreamSignIn {
        identity: person.signed_in.identity.clone(),
        update: provider.claims_update,
        link_by_email,
        session: session(server, request, provider, person),
        replaces,
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
    let SignedIn { identity, session, .. } = &person.signed_in;
    NewSession {
        amr: session.amr.clone(),
        auth_time: Some(auth_time(server, session.auth_time, person.signed_in_since)),
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

/// Makes an account, where the rules allow one.
async fn create(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &Person,
    email: Option<String>,
) -> Result<Verdict, Failure> {
    let identity = &person.signed_in.identity;
    let verified = identity.verified_email.as_deref();
    let allowed = match provider.creation {
        Creation::Open => true,
        Creation::Invited => verified.is_some_and(|email| provider.has_invited(email)),
        Creation::Off => false,
    };
    if !allowed {
        let name = &provider.name;
        let called = identity.label();
        return Ok(Verdict::Refused(format!(
            "There is no account here for {called} of {name}, and new ones are made by invitation \
             alone. Ask the people who run this service, or sign in another way."
        )));
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
    provider: &Provider,
    account: &str,
    identity: Identity,
) -> Result<Response, Failure> {
    let session = browser::claimed_session(request).filter(|held| held.account.as_str() == account);
    let Some(session) = session else {
        let message = "You signed out, or in as someone else, before it was done. Sign in and try \
                       again.";
        return Err(Failure::page(403, "Nothing was linked", message));
    };
    match link_to(server, &session, &identity, provider.claims_update).await? {
        Ok(()) => Ok(Response::see_other(&server.url("/account?done=linked"))),
        Err(message) => account::refused(server, request, 409, message).await,
    }
}

/// Links an identity to the account of a session, or says why not.
///
/// # Errors
/// Only what is ours.
pub async fn link_to(
    server: &Server<'_>,
    session: &ClaimedSession,
    identity: &Identity,
    update: ClaimsUpdate,
) -> Result<Result<(), String>, Failure> {
    let name = identity.identifier();
    let account = session.account.as_str();
    let claimed = match owner(server, &name).await? {
        Some(owner) if owner.as_str() == account => false,
        None if new_account::claim(server, &name, account).await? => true,
        _ => return Ok(Err(taken(identity))),
    };
    let command = AccountCommand::Link(session.proof.clone(), Box::new(identity.clone()), update);
    let Err(error) = server.send::<Account>(&session.address(), command).await? else {
        return Ok(Ok(()));
    };
    if claimed {
        new_account::release(server, &name, account).await?;
    }
    match error {
        AccountError::TooManyIdentities => Ok(Err(format!("Nothing was linked: {error}."))),
        error => Err(error.into()),
    }
}

fn taken(identity: &Identity) -> String {
    format!(
        "{} is linked to another account here. Sign in with it and unlink it there first.",
        identity.label()
    )
}
