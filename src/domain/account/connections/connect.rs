//! The user connects an outside account.

use super::connected::{self, Connected};
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::account::rows::{self, InRow, RowKind};
use crate::domain::connection::ConnectionId;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// How many connections an account may have. One more is refused; no existing one is dropped for it.
pub const MAX_CONNECTIONS: usize = 50;

/// What is connected.
#[derive(Clone, Debug)]
pub struct Connect {
    /// What the browser shows.
    pub session: SessionProof,
    /// The connection.
    pub id: ConnectionId,
}

as_array!(Connect { session, id });

session_errors! {
    /// Why nothing is connected.
    ConnectError {
        /// The account has [`MAX_CONNECTIONS`] already.
        #[error("at most {MAX_CONNECTIONS} outside accounts can be connected")]
        TooManyConnections,
    }
}
from_session_error!(ConnectError);

impl Command for Connect {
    const NAME: &'static str = "Connect";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = ConnectError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row(), RowKeys::All(Connected::PREFIX)]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, id } = self;
        existing(before, |_, rows| {
            session.find(rows, now)?;
            let key = connected::key_of(&id);
            let is_new = rows::get::<Connected>(rows, &key).is_none();
            if is_new && connected::all(rows).count() >= MAX_CONNECTIONS {
                return Err(ConnectError::TooManyConnections);
            }
            Ok(Step::unchanged(Ok(())).put(key, Connected(now).into_row()))
        })
    }
}
