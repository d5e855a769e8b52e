//! The user removes an app's access.

use crate::domain::account::access::{self, GrantRecord, Session, SessionProof};
use crate::domain::account::authorization::{self, Consent};
use crate::domain::account::connections::{self, Connected};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::RowKind;
use crate::domain::connection::ConnectionId;
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Removes all access of an app.
#[derive(Clone, Debug)]
pub struct RevokeClient {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The app.
    pub client_id: String,
}

as_array!(RevokeClient { session, client_id });

impl Command for RevokeClient {
    const NAME: &'static str = "RevokeClient";
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
        let Self { session, client_id } = self;
        existing(before, |mut person, rows| {
            session.find(rows, now)?;
            let consent = authorization::key_of(&client_id);
            if rows.contains_key(&consent) {
                person.count(|counts| counts.consents = counts.consents.saturating_sub(1));
            }
            let account = person.account.clone();
            let holds = |grant: &GrantRecord| grant.client_id == client_id;
            let had_access =
                rows.contains_key(&consent) || access::all(rows).any(|held| holds(held.grant));
            let event = had_access.then(|| Event::consent_withdrawn(&account, &client_id));
            let change = person.remembered().delete(consent);
            let is_its_own = |id: &ConnectionId| id.client_id() == Some(&client_id);
            let change = connections::end(change, &account, rows, is_its_own);
            let change = access::end(change, rows, now, holds);
            Ok(change.records(event).reply(Ok(())))
        })
    }
}
