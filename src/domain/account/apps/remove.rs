//! The user has deleted an app. Sent by workers of the previous release, which delete the registration themselves.

use super::app::{self, App};
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::RowKind;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Removes an app from the list.
#[derive(Clone, Debug)]
pub struct RemoveApp {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The app.
    pub client_id: String,
}

as_array!(RemoveApp { session, client_id });

impl Command for RemoveApp {
    const NAME: &'static str = "RemoveApp";
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
            Ok(Step::unchanged(Ok(())).delete(app::key_of(&client_id)))
        })
    }
}
