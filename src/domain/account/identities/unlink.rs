//! The user unlinks an identity, unless they could no longer sign in without it. The sessions that began with it end.

use serde::{Deserialize, Serialize};

use super::linked_identity::LinkedIdentity;
use crate::domain::account::access::{GrantRecord, Session, SessionProof};
use crate::domain::account::claims;
use crate::domain::account::credentials::{Confirmation, NotConfirmed};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person, durable};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::account::rows::{self, RowKind, Rows};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::identifier;
use crate::domain::machine::{Address, Before, Command, Effect, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;
use crate::tenant::ObjectName;

/// Unlinks an identity.
#[derive(Clone, Debug)]
pub struct Unlink {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The request.
    pub request: UnlinkRequest,
}

as_array!(Unlink { session, request });

/// A user's request to unlink an identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnlinkRequest {
    /// The key of the identity's row.
    pub key: String,
    /// Evidence that the user requests it.
    pub confirmation: Confirmation,
    /// The provider at which the company of the account's address signs the user in. One identity there has to
    /// stay linked, because neither a password nor another provider signs the user in.
    pub company: Option<String>,
}

session_errors! {
    /// Why the identity stays linked.
    UnlinkError {
        /// There is no evidence beyond the session cookie.
        #[error("the user has not confirmed that it is them")]
        NotConfirmed,
        /// The identity at the provider is not linked to this account.
        #[error("the identity is not linked to this account")]
        NotLinked,
        /// Without it the user could not sign in any more.
        #[error("it is the last way to sign in to the account")]
        LastWayIn,
    }
}
from_session_error!(UnlinkError);

impl From<NotConfirmed> for UnlinkError {
    fn from(_: NotConfirmed) -> Self {
        Self::NotConfirmed
    }
}

impl Command for Unlink {
    const NAME: &'static str = "Unlink";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = UnlinkError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        [Session::PREFIX, GrantRecord::PREFIX, LinkedIdentity::PREFIX].map(RowKeys::All).to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session: proof, request: UnlinkRequest { key, confirmation, company } } = self;
        existing(before, |mut person, rows| {
            let session = proof.find(rows, now)?;
            person.check_confirmation(session, &confirmation, now)?;
            let linked = rows::get::<LinkedIdentity>(rows, &key).ok_or(UnlinkError::NotLinked)?;
            if person.needs(&key, linked, company.as_deref(), rows) {
                return Err(UnlinkError::LastWayIn);
            }
            let (issuer, subject) = (&linked.issuer, &linked.subject);
            let identifier = ObjectName::identity(issuer, subject);
            let event = Event::identity_unlinked(&person.account, &linked.provider);
            let release = identifier::Release(person.account.clone());
            let release = Effect::send(Address::Name(identifier.clone()), &release);
            person.memberships.remove(identifier.as_str());
            person.memberships.remove(&claims::key_of_provider(&linked.provider));
            let change = person.end_sessions(rows, now, |number, session| {
                let origin = session.origin.as_ref();
                let is_from_there = origin.is_some_and(|o| o.is(issuer, Some(subject), None));
                number != proof.number && is_from_there
            });
            Ok(durable(change).delete(key).wants(release).records(Some(event)).reply(Ok(())))
        })
    }
}

impl Person {
    /// Whether the user could not sign in any more without this identity.
    fn needs(
        &self,
        key: &str,
        linked: &LinkedIdentity,
        company: Option<&str>,
        rows: &Rows,
    ) -> bool {
        let is_the_companys = company == Some(&linked.provider);
        let has_another = rows::all::<LinkedIdentity>(rows).any(|(other, row)| {
            other != key && (!is_the_companys || row.provider == linked.provider)
        });
        let has_password = self.password.is_some() && self.email.is_some() && !is_the_companys;
        !has_another && !has_password
    }
}
