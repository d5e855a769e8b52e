//! Signs a user in through a provider, with an identity that is linked or may be linked automatically.

use serde::{Deserialize, Serialize};

use super::begin::{self, SignedIn};
use super::new_session::NewSession;
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::identities::{self, LinkedIdentity, MAX_IDENTITIES};
use crate::domain::account::person::{Account, Person, durable};
use crate::domain::account::refusal::NoAccount;
use crate::domain::account::rows::{self, InRow, RowKind};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::identifier;
use crate::domain::identity::{ClaimsUpdate, Identity};
use crate::domain::machine::{Address, Before, Command, Effect, EffectOf, RowKeys, Step};
use crate::domain::time::Timestamp;
use crate::tenant::ObjectName;

/// A sign-in through a provider whose response was verified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInWith {
    /// The identity at the provider.
    pub identity: Identity,
    /// Which claims of the profile the identity updates.
    pub update: ClaimsUpdate,
    /// Whether the identity is linked automatically if the account has proven the same address.
    pub link_by_email: bool,
    /// The session to begin.
    pub session: NewSession,
    /// The session that this browser had, which the new one replaces.
    pub replaces: Option<SessionProof>,
    /// For an account without an address: the name of the identifier that was claimed for the identity's verified
    /// address.
    #[serde(default)]
    pub adopts_address: Option<ObjectName>,
}

/// Why the user is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SignInWithError {
    /// No such account.
    #[error("the account does not exist")]
    Unknown,
    /// The identity at the provider is not linked to this account.
    #[error("the identity is not linked to this account")]
    NotLinked,
    /// The account has [`MAX_IDENTITIES`] already.
    #[error("at most {MAX_IDENTITIES} identities can be linked")]
    TooManyIdentities,
}

impl From<NoAccount> for SignInWithError {
    fn from(_: NoAccount) -> Self {
        Self::Unknown
    }
}

impl Command for SignInWith {
    const NAME: &'static str = "SignInWith";
    const REPLY: Option<&'static str> = Some("SignedIn");
    type Machine = Account;
    type Reply = SignedIn;
    type Error = SignInWithError;

    fn rows(&self, person: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        let mut keys = vec![RowKeys::All(LinkedIdentity::PREFIX)];
        keys.extend(begin::rows_of(person, &self.session, self.replaces.as_ref()));
        keys
    }

    fn decide(self, before: Before<Account>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let Self { identity, update, link_by_email, session, replaces, adopts_address } = self;
        existing(before, |person, rows| {
            let mut person = person.counted(rows);
            let key = identities::key_of(&identity.identifier());
            let linked = rows::get::<LinkedIdentity>(rows, &key);
            if linked.is_none() {
                if !link_by_email || !person.has_proven(identity.verified_email.as_deref()) {
                    return Err(SignInWithError::NotLinked);
                }
                if !identities::has_room(rows) {
                    return Err(SignInWithError::TooManyIdentities);
                }
            }
            let provider = identity.provider.as_str();
            let event = Event::sign_in_succeeded(&person.account).provider(provider);
            let link = linked.is_none().then(|| Event::identity_linked(&person.account, provider));
            let confirm = linked.is_none().then(|| person.confirm(&identity)).flatten();
            let known = (person.claims.clone(), person.sources.clone(), person.memberships.clone());
            let adopted = adopts_address.and_then(|name| person.adopt(&identity, name));
            let row = person.take_in(&identity, update, rows, now);
            let has_learnt = known
                != (person.claims.clone(), person.sources.clone(), person.memberships.clone());
            let (change, signed_in) =
                person.continue_session(session, replaces.as_ref(), rows, (now, entropy));
            let change = if has_learnt { durable(change) } else { change };
            let change = if row.says_more_than(linked, now) {
                change.put(key, row.into_row())
            } else {
                change
            };
            let change = change.wants(confirm).wants(adopted).records(link).records(Some(event));
            Ok(change.reply(Ok(signed_in)))
        })
    }
}

impl Person {
    /// Makes an address that the provider has verified the account's own, proven address, if the account has none.
    fn adopt(&mut self, identity: &Identity, identifier: ObjectName) -> Option<EffectOf<Account>> {
        let address = identity.verified_email.clone().filter(|_| self.email.is_none())?;
        let command = identifier::Confirm(self.account.clone());
        let confirm = Effect::send(Address::Name(identifier.clone()), &command);
        self.claims.email = Some(address.clone());
        (self.email, self.identifier) = (Some(address), Some(identifier));
        self.address_lost = None;
        confirm
    }
}
