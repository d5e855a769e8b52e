//! The user removes one scope from an app, which keeps the others.

use crate::domain::account::access::{GrantRecord, Session, SessionProof};
use crate::domain::account::authorization::Consent;
use crate::domain::account::connections::Connected;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::RowKind;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Removes one scope from an app.
#[derive(Clone, Debug)]
pub struct RevokeScope {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The app.
    pub client_id: String,
    /// The scope.
    pub scope: String,
}

as_array!(RevokeScope { session, client_id, scope });

impl Command for RevokeScope {
    const NAME: &'static str = "RevokeScope";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        [Session::PREFIX, Consent::PREFIX, GrantRecord::PREFIX, Connected::PREFIX]
            .map(RowKeys::All)
            .to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, client_id, scope } = self;
        existing(before, |person, rows| {
            session.find(rows, now)?;
            Ok(person.revoke_scope(&client_id, &scope, rows, now).reply(Ok(())))
        })
    }
}
