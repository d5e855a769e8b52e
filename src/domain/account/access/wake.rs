//! The alarm has fired: deletes expired sessions and grants, and asks grants that may have ended.

use serde::{Deserialize, Serialize};

use super::clock::INTERVAL;
use super::grant::GrantRecord;
use super::held::{self, HeldGrant, MAX_TOLD};
use super::session::{Session, numbered};
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::{RowKind, Rows};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Next, NoError, RowKeys, Step};
use crate::domain::time::{Seconds, Timestamp};

/// How long until the alarm fires again for work that didn't fit in one step.
const SOON: Seconds = Seconds(60);

/// The command of the alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wake;

impl Command for Wake {
    const NAME: &'static str = "Wake";
    type Machine = Account;
    type Reply = ();
    type Error = NoError;

    fn rows(&self, person: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        person.map_or_else(Vec::new, |_| {
            [Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All).to_vec()
        })
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(person) => person.wake(&before.rows, now).reply(Ok(())),
            None => Step::unchanged(Ok(())),
        }
    }
}

impl Person {
    fn wake(mut self, rows: &Rows, now: Timestamp) -> Change<Account> {
        self.counts = None;
        self.wakes_at = None;
        let mut change = Change::none();
        let mut next: Option<Timestamp> = None;
        let mut look_at = |moment: Timestamp| {
            next = Some(next.map_or(moment, |earlier| earlier.min(moment)));
        };
        let (over, lasting): (Vec<_>, Vec<_>) =
            held::all(rows).partition(|held| looks_over(held, now));
        let mut over = over.into_iter();
        for held in over.by_ref().take(MAX_TOLD) {
            if held.grant.expires_at <= now {
                let told = held.grant.over_at.and_then(|_| held.end(now));
                change = held.replace(change, None).wants(told);
            } else {
                // The grant may have been refreshed. Its answer says when to ask again.
                change = change.wants(held.ask(&self.account, now));
                look_at(held.grant.expires_at);
            }
        }
        let is_complete = over.len() == 0;
        for (key, _, session) in numbered(rows) {
            let has_grant = session.grant.as_ref().is_some_and(|grant| now < grant.expires_at);
            if is_complete && session.expires_at <= now && !has_grant {
                change = change.delete(key.to_owned());
            } else {
                look_at(session.expires_at);
            }
        }
        for held in lasting {
            look_at(held.grant.over_at.unwrap_or(held.grant.expires_at));
        }
        self.wakes_at = if is_complete {
            next.map(|moment| moment.max(now.plus(INTERVAL)))
        } else {
            Some(now.plus(SOON))
        };
        // Otherwise an account that has nothing left would be woken again and again.
        self.has_clock = self.wakes_at.is_some();
        change.next = Next::Awaited(self);
        change
    }
}

/// Whether everything that was issued for the grant has expired, as far as the account knows.
fn looks_over(held: &HeldGrant<'_>, now: Timestamp) -> bool {
    held.grant.over_at.unwrap_or(held.grant.expires_at).min(held.grant.expires_at) <= now
}
