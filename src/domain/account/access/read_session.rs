//! Reads the session that a browser presents, and its user.

use serde::{Deserialize, Serialize};

use super::proof::SessionProof;
use super::view::SessionView;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::time::Timestamp;

/// Reads the session that the browser presents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadSession(pub SessionProof);

impl Command for ReadSession {
    const NAME: &'static str = "ReadSession";
    const REPLY: Option<&'static str> = Some("Session");
    type Machine = Account;
    type Reply = SessionView;
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.0.row()]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(proof) = self;
        existing(before, |person, rows| {
            let session = proof.find(rows, now)?;
            Ok(Step::unchanged(Ok(person.view(session))))
        })
    }
}
