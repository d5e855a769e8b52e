//! Decides which account a user gets, by the operator's rules for the provider.

use super::company;
use crate::domain::account::{
    NewAccount, NewSession, NoAccount, OwnAddress, ReadAddress, RequestedAccess, SignInWith,
    SignInWithError, SignedIn,
};
use crate::domain::authentication::{AuthTime, NewAuthentication, SessionOrigin};
use crate::domain::identity::{Identity, UpstreamSession};
use crate::domain::machine::{Address, Class};
use crate::domain::time::Timestamp;
use crate::domain::token::ObjectId;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::names;
use crate::endpoints::new_account::{self, Created};
use crate::endpoints::server::Server;
use crate::protocol::claims::StandardClaims;
use crate::protocol::text;
use crate::tenant::ObjectName;
use crate::upstream::provider::{Creation, Linking, Provider};

/// A user whom a provider signed in.
pub(in crate::endpoints) struct UpstreamUser {
    /// The user's identity at the provider.
    pub identity: Identity,
    /// How and when the user authenticated there.
    pub session: UpstreamSession,
    /// The app required a sign-in at or after this time.
    pub signed_in_since: Option<Timestamp>,
    /// Whether the user signed in to confirm a change.
    pub confirms: bool,
    /// The app's request, for the account that the user turns out to have.
    pub asks: Option<Box<RequestedAccess>>,
}

/// The decision.
pub(super) enum Verdict {
    /// The user is signed in.
    SignedIn(ObjectId, Box<SignedIn>),
    /// The address has an account already, so the user must sign in to it to show that it is theirs.
    /// `is_unproven`: the account never proved the address, so the user may take it instead.
    ProveOwnership { is_unproven: bool },
    /// The company of the address has another provider: its name, and the address.
    Elsewhere(String, String),
    /// The user is refused: the message for the user.
    Refused(String),
}

/// Decides which account the user gets.
///
/// # Errors
/// Internal errors only.
pub(super) async fn decide(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &UpstreamUser,
) -> Result<Verdict, Failure> {
    let identity = &person.identity;
    if let Some(email) = &identity.verified_email
        && let Some(other) = company::elsewhere(server, provider, email).await?
    {
        return Ok(Verdict::Elsewhere(other.name.clone(), email.clone()));
    }
    // The identity is linked to an account.
    if let Some(account) = names::owner(server, &identity.identifier()).await? {
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
            names::unclaim(server, &name, account.as_str()).await?;
        }
        // The account was deleted or unlinked the identity, so the identity is free.
    }
    let Some(email) = &identity.verified_email else {
        return create(server, request, provider, person, None).await;
    };
    let Some(account) = names::owner(server, &ObjectName::email(email)).await? else {
        return create(server, request, provider, person, Some(email.clone())).await;
    };
    match provider.linking {
        Linking::Never => create(server, request, provider, person, None).await,
        Linking::SignInFirst => {
            let own = own_address(server, &account).await?;
            Ok(Verdict::ProveOwnership { is_unproven: own.is_some_and(|own| !own.is_proven) })
        }
        Linking::VerifiedEmail => {
            // Claim the identity's name first, as for a new account.
            let name = identity.identifier();
            if !names::claim(server, &name, account.as_str()).await? {
                return Ok(Verdict::Refused(in_between(&provider.name)));
            }
            let link = Linked { by_email: true, adopts_address: None };
            let linked =
                try_account(server, request, provider, person, (account.clone(), link)).await?;
            if linked.is_none() {
                names::unclaim(server, &name, account.as_str()).await?;
            }
            Ok(linked.unwrap_or(Verdict::ProveOwnership { is_unproven: true }))
        }
    }
}

/// The message if someone else claimed the name between two steps.
pub(super) fn in_between(name: &str) -> String {
    format!("Another sign-in with {name} finished first. Try again.")
}

async fn own_address(
    server: &Server<'_>,
    account: &ObjectId,
) -> Result<Option<OwnAddress>, Failure> {
    let address = Address::Id(account.as_str().to_owned());
    match server.ask(&address, ReadAddress).await? {
        Ok(own) => Ok(own),
        Err(NoAccount::Unknown) => Ok(None),
    }
}

/// Claims an address that a provider vouches for, if no account has it. Returns the name of its identifier.
async fn claim_free(
    server: &Server<'_>,
    account: &ObjectId,
    email: &str,
) -> Result<Option<ObjectName>, Failure> {
    let name = ObjectName::email(email);
    let is_free = names::owner(server, &name).await?.is_none();
    let is_claimed = is_free && names::claim(server, &name, account.as_str()).await?;
    Ok(is_claimed.then_some(name))
}

/// How a sign-in links its identity to the account.
struct Linked {
    /// Whether to link an identity that isn't linked yet, by the address that both have proven.
    by_email: bool,
    /// The name of the identifier whose address becomes the account's own.
    adopts_address: Option<ObjectName>,
}

/// Signs in to an account and, if allowed, links the identity. `None` if the identity isn't linked to the account.
async fn try_account(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &UpstreamUser,
    (account, link): (ObjectId, Linked),
) -> Result<Option<Verdict>, Failure> {
    let replaces = browser::claimed_session(request)
        .filter(|held| held.account == account)
        .map(|held| held.proof);
    let sign_in = SignInWith {
        identity: person.identity.clone(),
        update: provider.claims_update,
        link_by_email: link.by_email,
        session: session(server, request, provider, person),
        replaces,
        adopts_address: link.adopts_address,
    };
    let address = Address::Id(account.as_str().to_owned());
    match server.ask(&address, sign_in).await? {
        Ok(signed_in) => Ok(Some(Verdict::SignedIn(account, Box::new(signed_in)))),
        Err(SignInWithError::NotLinked | SignInWithError::Unknown) => Ok(None),
        Err(error @ SignInWithError::TooManyIdentities) => {
            Ok(Some(Verdict::Refused(format!("Your account can't be linked: {error}."))))
        }
    }
}

fn session(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &UpstreamUser,
) -> NewSession {
    let UpstreamUser { identity, session, .. } = person;
    let origin = SessionOrigin {
        provider: provider.id.clone(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        sid: session.sid.clone(),
    };
    let time = AuthTime::told(session.auth_time, person.signed_in_since);
    NewSession {
        authentication: NewAuthentication::at_provider(origin, session.amr.clone(), time),
        confirms: person.confirms,
        asks: person.asks.clone(),
        ..browser::new_session(server, request)
    }
}

/// Checks that the provider's `create` setting allows an account for a user who has none. The error is a message for
/// the user.
pub(super) fn may_create(provider: &Provider, identity: &Identity) -> Result<(), String> {
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
        "{called} of {name} has no account here, and new accounts are by invitation only. Ask the \
         people who run this service, or sign in another way."
    ))
}

/// Creates an account if the rules allow it.
pub(super) async fn create(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    person: &UpstreamUser,
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
        address: email.map(|email| (email.clone(), ObjectName::email(&email))),
        claims,
        password: None,
        identity: Some(Box::new(identity.clone())),
    };
    let session = session(server, request, provider, person);
    let verdict = match new_account::create(server, request, session, new).await? {
        Created::SignedIn(account, signed_in) => {
            Some(Verdict::SignedIn(account, Box::new(signed_in)))
        }
        Created::Before(account) => {
            let link = Linked { by_email: false, adopts_address: None };
            try_account(server, request, provider, person, (account, link)).await?
        }
        Created::Taken => None,
    };
    Ok(verdict.unwrap_or_else(|| Verdict::Refused(in_between(&provider.name))))
}
