//! The user signs another browser out.

use super::grant::GrantRecord;
use super::proof::SessionProof;
use super::session::Session;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::RowKind;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Ends another session of the same account.
#[derive(Clone, Debug)]
pub struct EndOther {
    /// The session of the user's own browser.
    pub session: SessionProof,
    /// The number of the other browser's session.
    pub other: u32,
}

as_array!(EndOther { session, other });

impl Command for EndOther {
    const NAME: &'static str = "EndOther";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        [Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All).to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, other } = self;
        existing(before, |person, rows| {
            session.find(rows, now)?;
            Ok(person.end_sessions(rows, now, |number, _| number == other).reply(Ok(())))
        })
    }
}
