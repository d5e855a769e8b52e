//! Changes the password, or sets the first one.

use serde::{Deserialize, Serialize};

use super::chosen_password::ChosenPassword;
use super::confirmation::{Confirmation, NotConfirmed};
use crate::domain::account::access::{self, GrantRecord, Session, SessionProof};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::account::rows::{self, InRow, RowKind, Rows};
use crate::domain::attempts::Attempts;
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::machine::{Before, Change, Command, RowKeys, Step, as_array};
use crate::domain::password::PasswordError;
use crate::domain::time::Timestamp;

/// Changes the password, or sets the first one.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The change.
    pub change: PasswordChange,
}

as_array!(ChangePassword { session, change });

/// A change of the password. Every other browser is signed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordChange {
    /// Evidence that the user requests the change.
    pub confirmation: Confirmation,
    /// The new password.
    pub password: ChosenPassword,
    /// Whether apps and devices stay signed in. Otherwise every grant ends.
    pub keeps_apps: bool,
}

session_errors! {
    /// Why the password is not changed.
    ChangePasswordError {
        /// The change was requested without evidence beyond the session cookie.
        #[error("the user has not confirmed that it is them")]
        NotConfirmed,
        /// The password could not be hashed.
        #[error("{0}")]
        Password(#[from] PasswordError),
    }
}
from_session_error!(ChangePasswordError);

impl From<NotConfirmed> for ChangePasswordError {
    fn from(_: NotConfirmed) -> Self {
        Self::NotConfirmed
    }
}

impl Command for ChangePassword {
    const NAME: &'static str = "ChangePassword";
    const REPLY: Option<&'static str> = Some("SessionRenewed");
    type Machine = Account;
    type Reply = SessionProof;
    type Error = ChangePasswordError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        [Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All).to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let Self { session: proof, change } = self;
        existing(before, |mut person, rows| {
            let session = proof.find(rows, now)?;
            person.check_confirmation(session, &change.confirmation, now)?;
            person.password = Some(change.password.into_record(entropy)?);
            person.attempts = Attempts::default();
            let event = Event::password_changed(&person.account);
            let (changed, renewed) =
                person.renew_session(session, rows, (now, entropy), change.keeps_apps);
            Ok(changed.records(Some(event)).reply(Ok(renewed)))
        })
    }
}

impl Person {
    /// Gives this session a new number and secret. Every other session ends, and so do the grants unless the user keeps
    /// them: the user may be changing the password because someone else has one of these, or a copy of this session's
    /// cookie. How and when the user signed in stays as it is.
    fn renew_session(
        mut self,
        session: &Session,
        rows: &Rows,
        (now, entropy): (Timestamp, &dyn Entropy),
        keeps_apps: bool,
    ) -> (Change<Account>, SessionProof) {
        let old: Vec<String> = rows::all::<Session>(rows).map(|(key, _)| key.to_owned()).collect();
        self.count(|counts| counts.sessions = 1);
        let (session, renewed) = session.renewed(entropy);
        let ends =
            |grant: &GrantRecord| !(keeps_apps && (grant.offline || grant.sid == session.sid));
        let key = renewed.key();
        let kept = access::all(rows).map(|held| held.grant).filter(|grant| !ends(grant));
        // A grant that shared the row of a session gets its own row.
        let moved: Vec<GrantRecord> =
            kept.filter(|grant| !rows.contains_key(&grant.key())).cloned().collect();
        let change = access::end(self.written(), rows, now, ends);
        let change = moved
            .into_iter()
            .fold(change, |change, grant| change.put(grant.key(), grant.into_row()));
        let change = old.into_iter().filter(|old| *old != key).fold(change, Change::delete);
        (change.put(key, session.into_row()), renewed)
    }
}
