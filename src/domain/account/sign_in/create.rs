//! Creates the account and signs the user in. If an earlier request created the account and its response was lost, the
//! account's identifiers are confirmed again at once, so that the user can sign in before the alarm repeats the
//! effects.

use serde::{Deserialize, Serialize};

use super::begin::{self, SignedIn};
use super::new_session::NewSession;
use crate::domain::account::claims::{Memberships, Sources};
use crate::domain::account::credentials::ChosenPassword;
use crate::domain::account::identities;
use crate::domain::account::person::{Account, Person, durable};
use crate::domain::account::rows::{InRow, Rows};
use crate::domain::attempts::Attempts;
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::identifier;
use crate::domain::identity::{ClaimsUpdate, Identity};
use crate::domain::machine::{Address, Before, Command, Effect, EffectOf, RowKeys, Step, as_array};
use crate::domain::password::PasswordError;
use crate::domain::time::Timestamp;
use crate::protocol::claims::StandardClaims;
use crate::tenant::ObjectName;

/// Creates an account and begins a session.
#[derive(Clone, Debug)]
pub struct Create {
    /// The account.
    pub account: NewAccount,
    /// The session.
    pub session: NewSession,
}

as_array!(Create { account, session });

/// A new account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewAccount {
    /// The ID of the account's object.
    pub account: String,
    /// The address, if the user signs in with one, and the name of the identifier that was claimed for it.
    pub address: Option<(String, ObjectName)>,
    /// Claims about the user.
    pub claims: StandardClaims,
    /// The password, if the user has one.
    pub password: Option<ChosenPassword>,
    /// The user's identity at an upstream provider, if the user signed up with one.
    pub identity: Option<Box<Identity>>,
}

/// Why no account is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CreateError {
    /// The object has an account already.
    #[error("the account exists")]
    Exists,
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl Command for Create {
    const NAME: &'static str = "Create";
    const REPLY: Option<&'static str> = Some("SignedIn");
    type Machine = Account;
    type Reply = SignedIn;
    type Error = CreateError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        let mut keys = begin::rows_of(None, &self.session, None);
        let identity = self.account.identity.as_ref();
        keys.extend(
            identity.map(|identity| RowKeys::One(identities::key_of(&identity.identifier()))),
        );
        keys
    }

    fn decide(self, before: Before<Account>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let Self { account, session } = self;
        let decided = match before.state {
            Some(person) => {
                let confirmed = account.confirm_again(&person, &before.rows);
                Ok(Step::unchanged(Err(CreateError::Exists)).wants(confirmed))
            }
            None => account.create(session, now, entropy),
        };
        decided.unwrap_or_else(|error| Step::unchanged(Err(error)))
    }
}

impl NewAccount {
    fn create(
        self,
        session: NewSession,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Step<Create>, CreateError> {
        let Self { account, address, claims, password, identity } = self;
        let password = password.map(|password| password.into_record(entropy)).transpose()?;
        let confirm =
            address.as_ref().and_then(|(_, identifier)| confirm_address(&account, identifier));
        let (email, identifier) = address.unzip();
        let mut person = Person {
            account,
            email,
            identifier,
            claims,
            sources: Sources::new(),
            memberships: Memberships::new(),
            address_lost: None,
            password,
            attempts: Attempts::default(),
            created_at: now,
            has_clock: false,
            wakes_at: None,
            counts: None,
        };
        let linked = identity.map(|identity| {
            let row = person.take_in(&identity, ClaimsUpdate::Follow, &Rows::new(), now);
            (identities::key_of(&identity.identifier()), row, person.confirm(&identity))
        });
        let signed_up = Event::signed_up(&person.account);
        let signed_up = match &linked {
            Some((_, row, _)) => signed_up.provider(&row.provider),
            None => signed_up,
        };
        let (change, signed_in) = person.begin_session(session, &Rows::new(), (now, entropy));
        let change = durable(change).wants(confirm);
        let change = match linked {
            Some((key, row, confirm)) => change.put(key, row.into_row()).wants(confirm),
            None => change,
        };
        Ok(change.records(Some(signed_up)).reply(Ok(signed_in)))
    }

    /// Confirms the identifiers of an account that an earlier request created.
    fn confirm_again(&self, made: &Person, rows: &Rows) -> Vec<EffectOf<Account>> {
        let identifier = self.address.as_ref().map(|(_, identifier)| identifier);
        let own = identifier.filter(|identifier| made.identifier.as_ref() == Some(*identifier));
        let address = own.and_then(|identifier| confirm_address(&made.account, identifier));
        let identity = self.identity.as_deref();
        let is_linked =
            |identity: &&Identity| rows.contains_key(&identities::key_of(&identity.identifier()));
        let identity = identity.filter(is_linked);
        address.into_iter().chain(identity.and_then(|identity| made.confirm(identity))).collect()
    }
}

/// Confirms to the identifier that the address belongs to the account.
fn confirm_address(account: &str, identifier: &ObjectName) -> Option<EffectOf<Account>> {
    Effect::send(Address::Name(identifier.clone()), &identifier::Confirm(account.to_owned()))
}
