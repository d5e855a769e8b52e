//! Deletes the account. One step deletes everything in the account's object and stores the effects that delete what
//! other objects have about the user.

use super::access::{self, SessionProof};
use super::all_rows::all_rows;
use super::apps::App;
use super::connections;
use super::credentials::{Confirmation, NotConfirmed};
use super::existing::existing;
use super::identities::LinkedIdentity;
use super::person::{Account, Person};
use super::refusal::{from_session_error, session_errors};
use super::rows::{self, Rows};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::identifier;
use crate::domain::machine::{
    Address, Before, Change, Command, Effect, Next, RowKeys, Step, as_array,
};
use crate::domain::time::Timestamp;
use crate::tenant::ObjectName;

/// Deletes the account.
#[derive(Clone, Debug)]
pub struct Erase {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The evidence.
    pub confirmation: Confirmation,
}

as_array!(Erase { session, confirmation });

session_errors! {
    /// Why the account is not deleted.
    EraseError {
        /// There is no evidence beyond the session cookie.
        #[error("the user has not confirmed that it is them")]
        NotConfirmed,
        /// The user still has registered apps, which would be left without an owner.
        #[error("the account has registered apps")]
        HasApps,
    }
}
from_session_error!(EraseError);

impl From<NotConfirmed> for EraseError {
    fn from(_: NotConfirmed) -> Self {
        Self::NotConfirmed
    }
}

impl Command for Erase {
    const NAME: &'static str = "Erase";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = EraseError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        all_rows()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, confirmation } = self;
        existing(before, |person, rows| {
            let session = session.find(rows, now)?;
            person.check_deletion(session, &confirmation, now)?;
            if rows::count::<App>(rows) > 0 {
                return Err(EraseError::HasApps);
            }
            Ok(person.erased(rows, now).reply(Ok(())))
        })
    }
}

impl Person {
    fn erased(self, rows: &Rows, now: Timestamp) -> Change<Account> {
        let upstream = rows::all::<LinkedIdentity>(rows)
            .map(|(_, linked)| ObjectName::identity(&linked.issuer, &linked.subject));
        let account = self.account.clone();
        let release = identifier::Release(self.account);
        let names = self.identifier.into_iter().chain(upstream);
        let released = names.filter_map(|name| Effect::send(Address::Name(name), &release));
        let erased = Event::account_erased(&account);
        let change = Change::to(Next::Forgotten).wants(released).records(Some(erased));
        let change = connections::end(change, &account, rows, |_| true);
        access::end(change, rows, now, |_| true)
    }
}
