//! Removes an app from the list if it has no registration and none is being written. Earlier releases could leave such
//! an app.

use super::app::{self, App};
use super::delete::deleted;
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::{self, RowKind};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, RowKeys, Step, as_array};
use crate::domain::time::{Seconds, Timestamp};

/// How long the effect that writes a registration may take.
const WRITING: Seconds = Seconds(60 * 60);

/// Removes an app without a registration from the list.
#[derive(Clone, Debug)]
pub struct ForgetApp {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The app.
    pub client_id: String,
}

as_array!(ForgetApp { session, client_id });

impl Command for ForgetApp {
    const NAME: &'static str = "ForgetApp";
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
            let change = match rows::get::<App>(rows, &app::key_of(&client_id)) {
                Some(App(since)) if since.plus(WRITING) <= now => deleted(&client_id, rows),
                _ => Change::none(),
            };
            Ok(change.reply(Ok(())))
        })
    }
}
