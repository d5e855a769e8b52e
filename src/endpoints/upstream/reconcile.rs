//! Signs in a user who comes from a provider. By the operator's rules for the provider, the user's account is found,
//! linked or created, or the user is refused.

use super::find;
use super::start::unknown_provider;
use super::verdict::{self, UpstreamUser, Verdict};
use crate::domain::account::{SignedIn, YieldAddress, YieldAddressError};
use crate::domain::identifier::Lend;
use crate::domain::machine::Address;
use crate::domain::secret::SecretHash;
use crate::domain::token::ObjectId;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::interaction::{Interaction, PendingLink};
use crate::endpoints::names;
use crate::endpoints::outcome::{Outcome, SignInPage};
use crate::endpoints::server::Server;
use crate::endpoints::waiting::Waiting;
use crate::protocol::email;
use crate::tenant::ObjectName;
use crate::upstream::provider::Provider;

/// Signs the user in and resumes the interrupted request.
///
/// # Errors
/// Internal errors only.
pub(in crate::endpoints) async fn sign_in(
    server: &Server<'_>,
    request: &Request<'_>,
    provider: &Provider,
    mut person: UpstreamUser,
    interaction: Interaction,
) -> Result<Outcome, Failure> {
    if let Interaction::Confirm { account } = &interaction {
        let owner = names::owner(server, &person.identity.identifier()).await?;
        if owner.is_none_or(|owner| owner.as_str() != account) {
            let message = format!(
                "That {} account isn't linked to yours here. Sign in with the one that is.",
                provider.name
            );
            return Ok(Outcome::ShowAccount(403, message));
        }
    }
    let (waiting, asks) = Waiting::new(server, interaction.clone()).await?;
    person.asks = asks;
    match verdict::decide(server, request, provider, &person).await? {
        Verdict::SignedIn(account, signed_in) => {
            after_sign_in(server, request, &person, (waiting, account, signed_in)).await
        }
        Verdict::ProveOwnership { is_unproven } => {
            let UpstreamUser { identity, session, .. } = person;
            let email = identity.verified_email.clone().unwrap_or_default();
            // The redirect to the provider set a token in this browser.
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
            Ok(Outcome::ShowSignIn(interaction, SignInPage::hint(email)))
        }
        Verdict::Elsewhere(name, email) => {
            let message = format!("Addresses of {} sign in with {name}.", domain_of(&email));
            let shown = SignInPage { email, ..SignInPage::error(403, message) };
            Ok(Outcome::ShowSignIn(interaction, shown))
        }
        Verdict::Refused(message) => {
            Ok(Outcome::ShowSignIn(interaction, SignInPage::error(403, message)))
        }
    }
}

/// Continues after the user has been signed in.
async fn after_sign_in(
    server: &Server<'_>,
    request: &Request<'_>,
    person: &UpstreamUser,
    (waiting, account, signed_in): (Waiting, ObjectId, Box<SignedIn>),
) -> Result<Outcome, Failure> {
    browser::end_session_of_other(server, request, &account).await?;
    lend(server, person, &account).await?;
    waiting.signed_in(server, account, *signed_in).await
}

/// Gives the user a new account with their address. The provider vouches for the address, but another account has it,
/// and the user says that it isn't theirs: someone else signed up with the address and never proved it. The other
/// account's page says that it lost the address.
///
/// # Errors
/// A page if the provider is no longer configured.
pub async fn take_address(
    server: &Server<'_>,
    request: &Request<'_>,
    pending: PendingLink,
) -> Result<Outcome, Failure> {
    let provider = find(server, &pending.identity.provider).ok_or_else(unknown_provider)?;
    let refuse = |message: String| {
        Ok(Outcome::ShowSignIn(pending.next.clone(), SignInPage::error(403, message)))
    };
    let (waiting, asks) = Waiting::new(server, pending.next.clone()).await?;
    let person = UpstreamUser {
        identity: pending.identity.clone(),
        session: pending.session.clone(),
        signed_in_since: None,
        confirms: false,
        asks,
    };
    let Some(email) = person.identity.verified_email.clone() else {
        return refuse(format!("{} doesn't vouch for that address.", provider.name));
    };
    if let Err(message) = verdict::may_create(provider, &person.identity) {
        return refuse(message);
    }
    let identifier = ObjectName::email(&email);
    if let Some(other) = names::owner(server, &identifier).await? {
        let address = Address::Id(other.as_str().to_owned());
        match server.ask(&address, YieldAddress(identifier)).await? {
            Ok(()) | Err(YieldAddressError::Unknown) => {}
            Err(YieldAddressError::AddressProven) => {
                let message =
                    format!("The account with {email} has proven the address. Sign in to it.");
                return refuse(message);
            }
        }
    }
    match verdict::create(server, request, provider, &person, Some(email)).await? {
        Verdict::SignedIn(account, signed_in) => {
            after_sign_in(server, request, &person, (waiting, account, signed_in)).await
        }
        _ => refuse(verdict::in_between(&provider.name)),
    }
}

/// Maps the provider's session ID to the account, for a logout token that names only the session.
async fn lend(
    server: &Server<'_>,
    person: &UpstreamUser,
    account: &ObjectId,
) -> Result<(), Failure> {
    let UpstreamUser { identity, session, .. } = person;
    let Some(sid) = &session.sid else {
        return Ok(());
    };
    let name = Address::Name(ObjectName::upstream_session(&identity.issuer, sid));
    let until = server.now().plus(server.settings.lifetimes.session);
    let command = Lend { account: account.to_string(), until };
    // If the name already belongs to another account, a logout token with `sub` still works.
    server.ask(&name, command).await?.ok();
    Ok(())
}

fn domain_of(email: &str) -> String {
    email::domain(email).unwrap_or_default().to_owned()
}
