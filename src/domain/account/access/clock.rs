//! When the alarm of an account comes. It is the one alarm for everything that ends by itself: sessions, and grants,
//! which would each pay a row for an alarm of their own.
//!
//! As long as an account has a session or a grant, its alarm is set, so a sign-in need not look. The alarm comes when
//! the first of them ends, but no sooner than [`INTERVAL`] after the one before.

use crate::domain::account::person::{Account, Person, durable};
use crate::domain::machine::{Change, Next};
use crate::domain::time::{Seconds, Timestamp};

/// The least time between two alarms.
pub const INTERVAL: Seconds = Seconds(7 * 24 * 60 * 60);

impl Person {
    /// Whether there is no session and no grant, so that no alarm is set.
    pub fn is_empty(&self) -> bool {
        self.counts.is_none_or(|counts| counts.sessions == 0 && counts.grants == 0)
    }

    /// Changes what may be lost with the memory, and sets the alarm unless one is set. `is_first` says whether nothing
    /// was there before that needs one.
    pub fn with_clock(mut self, is_first: bool, now: Timestamp) -> Change<Account> {
        let had_clock = self.has_clock;
        let is_needed = is_first || !had_clock;
        if is_needed {
            self.wakes_at = Some(now.plus(INTERVAL));
            self.has_clock = true;
        }
        let change =
            Change::to(if is_needed { Next::Awaited(self) } else { Next::Remembered(self) });
        if had_clock { change } else { durable(change) }
    }
}
