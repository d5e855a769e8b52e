//! The alarm of an account. It is the one alarm for everything that ends by itself: sessions, and grants, which would
//! each pay a row for an alarm of their own.
//!
//! As long as an account has a session or a grant, its alarm is set, so a sign-in need not look. The alarm comes when
//! the first of them ends, but no sooner than [`INTERVAL`] after the one before.

use serde::{Deserialize, Serialize};

use super::grants::{self, Held, MAX_TOLD};
use super::row::{self, GRANT, SESSION};
use super::{Account, Person, Rows};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, Next, NoError, RowKeys, Step};
use crate::domain::time::{Seconds, Timestamp};

/// The least time between two alarms.
const INTERVAL: Seconds = Seconds(7 * 24 * 60 * 60);
/// When the alarm comes back for the rest.
const SOON: Seconds = Seconds(60);

impl Person {
    /// Sets the alarm, unless one is set. `is_first` says whether nothing was there before that needs one.
    pub(super) fn wind(&mut self, is_first: bool, now: Timestamp) -> bool {
        let is_needed = is_first || !self.has_clock;
        if is_needed {
            self.wakes_at = Some(now.plus(INTERVAL));
            self.has_clock = true;
        }
        is_needed
    }
}

/// The alarm has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wake;

impl Command for Wake {
    const NAME: &'static str = "Wake";
    type Machine = Account;
    type Reply = ();
    type Error = NoError;

    fn rows(&self, person: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        person.map_or_else(Vec::new, |_| [SESSION, GRANT].map(RowKeys::All).to_vec())
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
            grants::all(rows).partition(|held| looks_over(held, now));
        let mut over = over.into_iter();
        for held in over.by_ref().take(MAX_TOLD) {
            if held.grant.expires_at <= now {
                let told = held.grant.over_at.and_then(|_| held.end(now));
                change = held.replace(change, None).wants(told);
            } else {
                // It may have been refreshed. What it answers says when to ask again.
                change = change.wants(held.ask(&self.account, now));
                look_at(held.grant.expires_at);
            }
        }
        let is_complete = over.len() == 0;
        for (key, _, session) in row::sessions(rows) {
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
        // Without this, an account that has nothing left would be woken again at once, and without end.
        self.has_clock = self.wakes_at.is_some();
        change.next = Next::Awaited(self);
        change
    }
}

/// Whether nothing can be used any more that was issued for the grant, as far as the account knows.
fn looks_over(held: &Held<'_>, now: Timestamp) -> bool {
    held.grant.over_at.unwrap_or(held.grant.expires_at).min(held.grant.expires_at) <= now
}
