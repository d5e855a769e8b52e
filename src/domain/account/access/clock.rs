//! Sets the alarm of an account. One alarm serves all sessions and grants that expire, because an alarm for each grant
//! would cost a row for each.
//!
//! While an account has a session or a grant, its alarm is set, so a sign-in doesn't have to check. The alarm fires
//! when the first of them expires, but no sooner than [`INTERVAL`] after the previous one.

use crate::domain::account::person::{Account, Person, durable};
use crate::domain::machine::{Change, Next};
use crate::domain::time::{Seconds, Timestamp};

/// The least time between two alarms.
pub const INTERVAL: Seconds = Seconds(7 * 24 * 60 * 60);

impl Person {
    /// Whether there is no session and no grant, so no alarm is set. True for a new account, whose rows were never
    /// counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_none_or(|counts| counts.sessions == 0 && counts.grants == 0)
    }

    /// Changes the state in memory only, and sets the alarm if none is set. `is_first`: the account had no session and
    /// no grant before.
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
