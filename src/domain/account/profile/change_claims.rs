//! The user edits the profile.

use crate::domain::account::access::SessionProof;
use crate::domain::account::claims;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;
use crate::protocol::claims::StandardClaims;

/// Changes the claims that the user may edit.
#[derive(Clone, Debug)]
pub struct ChangeClaims {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The new claims. Those that the user may not edit are ignored.
    pub claims: StandardClaims,
}

as_array!(ChangeClaims { session, claims });

impl Command for ChangeClaims {
    const NAME: &'static str = "ChangeClaims";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row()]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, claims } = self;
        existing(before, |mut person, rows| {
            session.find(rows, now)?;
            let edited = claims::edited(&person.claims, claims);
            claims::written(&person.claims, &edited, &mut person.sources);
            person.claims = edited;
            person.claims.updated_at = Some(now.seconds());
            Ok(person.written().reply(Ok(())))
        })
    }
}
