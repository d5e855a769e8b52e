//! How sessions end.

use super::held;
use super::session::{self, Session};
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::Rows;
use crate::domain::event::Event;
use crate::domain::machine::Change;
use crate::domain::time::Timestamp;

impl Person {
    /// Ends the sessions for which `ends` holds, and the grants that end with them.
    pub fn end_sessions(
        mut self,
        rows: &Rows,
        now: Timestamp,
        ends: impl Fn(u32, &Session) -> bool,
    ) -> Change<Account> {
        let mut keys = Vec::new();
        let mut sids = Vec::new();
        for (key, number, session) in session::numbered(rows) {
            if ends(number, session) {
                keys.push(key.to_owned());
                sids.push(session.sid.clone());
            }
        }
        let ended = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        self.count(|counts| counts.sessions = counts.sessions.saturating_sub(ended));
        let event = (ended > 0).then(|| Event::session_ended(&self.account));
        let change = keys.into_iter().fold(self.remembered(), Change::delete).records(event);
        held::end(change, rows, now, |grant| !grant.offline && sids.contains(&grant.sid))
    }
}
