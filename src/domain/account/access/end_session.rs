//! The user signs out.

use serde::{Deserialize, Serialize};

use super::grant::GrantRecord;
use super::proof::SessionProof;
use super::session::Session;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::RowKind;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::time::Timestamp;

/// Ends the session that the browser presents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndSession(pub SessionProof);

impl Command for EndSession {
    const NAME: &'static str = "EndSession";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        [Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All).to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(proof) = self;
        existing(before, |person, rows| {
            proof.find(rows, now)?;
            Ok(person.end_sessions(rows, now, |number, _| number == proof.number).reply(Ok(())))
        })
    }
}
