//! The user deletes an app. An effect deletes its registration.

use super::app::{self, App};
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::{RowKind, Rows};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Address, Before, Change, Command, Effect, RowKeys, Step, as_array};
use crate::domain::registration::Delete;
use crate::domain::time::Timestamp;
use crate::tenant::ObjectName;

/// Deletes an app.
#[derive(Clone, Debug)]
pub struct DeleteApp {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The app.
    pub client_id: String,
}

as_array!(DeleteApp { session, client_id });

impl Command for DeleteApp {
    const NAME: &'static str = "DeleteApp";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row(), RowKeys::All(App::PREFIX)]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, client_id } = self;
        existing(before, |_, rows| {
            session.find(rows, now)?;
            Ok(deleted(&client_id, rows).reply(Ok(())))
        })
    }
}

/// Removes an app from the list and deletes its registration.
pub fn deleted(client_id: &str, rows: &Rows) -> Change<Account> {
    let key = app::key_of(client_id);
    // An app that is not in the list may belong to another user.
    if !rows.contains_key(&key) {
        return Change::none();
    }
    let address = Address::Name(ObjectName::client(client_id));
    Change::none().delete(key).wants(Effect::send(address, &Delete))
}
