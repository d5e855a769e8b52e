//! The user disconnects an outside account.

use crate::domain::account::access::{GrantRecord, Session, SessionProof};
use crate::domain::account::authorization;
use crate::domain::account::connections::{self, Connected, Disconnected};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::{self, InRow, RowKind};
use crate::domain::connection::ConnectionId;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;
use crate::protocol::scope;

/// How many [`Disconnected`] records an account stores.
const MAX_DISCONNECTED: u32 = 50;

/// Disconnects, and records that the app had a connection of its own. Once [`MAX_DISCONNECTED`] such records exist, the
/// app loses the scope `connection:{provider}` instead. Either way it doesn't get the account-wide connection in place
/// of its own.
#[derive(Clone, Debug)]
pub struct Disconnect {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The connection.
    pub id: ConnectionId,
}

as_array!(Disconnect { session, id });

impl Command for Disconnect {
    const NAME: &'static str = "Disconnect";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        let mut keys = vec![self.session.row(), RowKeys::All(Connected::PREFIX)];
        if let Some(client_id) = self.id.client_id() {
            keys.push(RowKeys::One(authorization::key_of(client_id)));
            keys.extend([Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All));
        }
        keys
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, id } = self;
        existing(before, |person, rows| {
            session.find(rows, now)?;
            let key = connections::key_of(&id);
            if rows::get::<Connected>(rows, &key).is_none() {
                return Ok(Step::unchanged(Ok(())));
            }
            let told = connections::disconnection(&person.account, &id);
            let Some(client_id) = id.client_id() else {
                return Ok(Step::unchanged(Ok(())).delete(key).wants(told));
            };
            if rows::count::<Disconnected>(rows) >= MAX_DISCONNECTED {
                let scope = format!("{}{}", scope::CONNECTION, id.provider());
                return Ok(person.revoke_scope(client_id, &scope, rows, now).reply(Ok(())));
            }
            Ok(Step::unchanged(Ok(())).put(key, Disconnected(now).into_row()).wants(told))
        })
    }
}
