//! Decides whether a client gets the access that it requests, and stores the grant in the same step.

use super::record::RecordedGrant;
use super::request::{AuthorizeError, Authorized, RequestedAccess};
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::InRow;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Asks for access on behalf of the user whose session the browser presents.
#[derive(Clone, Debug)]
pub struct Authorize {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The access that the client requests.
    pub request: RequestedAccess,
}

as_array!(Authorize { session, request });

impl Command for Authorize {
    const NAME: &'static str = "Authorize";
    const REPLY: Option<&'static str> = Some("Authorized");
    type Machine = Account;
    type Reply = Authorized;
    type Error = AuthorizeError;

    fn rows(&self, person: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        let mut keys = self.request.rows(person);
        keys.push(self.session.row());
        keys.extend(person.map_or_else(Vec::new, Person::rows_to_count));
        keys
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, request } = self;
        existing(before, |person, rows| {
            let mut person = person.counted(rows);
            let session = session.find(rows, now)?;
            let RecordedGrant { authorized, grant, rows, effects } =
                person.record(session, request, rows, now)?;
            let is_first = person.is_empty();
            person.count(|counts| counts.grants = counts.grants.saturating_add(1));
            let mut change = person.with_clock(is_first, now).wants(effects);
            change.rows = rows;
            Ok(change.put(grant.key(), grant.into_row()).reply(Ok(authorized)))
        })
    }
}
