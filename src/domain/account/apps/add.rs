//! The user has registered an app. Sent by workers of the previous release, which write the registration themselves.

use super::app::App;
use super::register::{RegisterAppError, listed};
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::RowKind;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Adds an app to the list.
#[derive(Clone, Debug)]
pub struct AddApp {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The app.
    pub client_id: String,
}

as_array!(AddApp { session, client_id });

impl Command for AddApp {
    const NAME: &'static str = "AddApp";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = RegisterAppError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row(), RowKeys::All(App::PREFIX)]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, client_id } = self;
        existing(before, |_, rows| {
            session.find(rows, now)?;
            Ok(listed(&client_id, rows, now)?.reply(Ok(())))
        })
    }
}
