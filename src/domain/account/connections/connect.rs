//! The user connects an outside account. The step that lists the connection also stores the effect that sends it its
//! tokens, so even a crash leaves no listed connection without tokens, and no tokens that aren't listed. If the user
//! disconnects and connects again, the connection gets both commands in that order.

use serde::{Deserialize, Serialize};

use super::connected::{self, Connected};
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::account::rows::{self, InRow, RowKind};
use crate::domain::connection::{self, ConnectionId};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Effect, RowKeys, Step};
use crate::domain::time::Timestamp;

/// How many connections an account may have. One more is refused; no existing one is dropped for it.
pub const MAX_CONNECTIONS: usize = 50;

/// Connects an outside account. An earlier release wrote this as an array of the first two members.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connect {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The connection.
    pub id: ConnectionId,
    /// Its tokens; `None` from a worker of an earlier release, which sends them to the connection itself.
    #[serde(default)]
    pub tokens: Option<Box<connection::Connect>>,
}

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
        let Self { session, id, tokens } = self;
        existing(before, |person, rows| {
            session.find(rows, now)?;
            let key = connected::key_of(&id);
            let is_new = rows::get::<Connected>(rows, &key).is_none();
            if is_new && connected::all(rows).count() >= MAX_CONNECTIONS {
                return Err(ConnectError::TooManyConnections);
            }
            let address = connection::address(&person.account, &id);
            let told = tokens.and_then(|tokens| Effect::send(address, &*tokens));
            Ok(Step::unchanged(Ok(())).put(key, Connected(now).into_row()).wants(told))
        })
    }
}
