//! Wrong passwords: an account slows down, then locks for a while.

use serde::{Deserialize, Serialize};

use super::time::{Seconds, Timestamp};

/// How many wrong passwords cost nothing.
const FREE: u32 = 4;
/// How many lock the account.
const LOCKING: u32 = 10;
/// How long a lock lasts.
const LOCK: Seconds = Seconds(15 * 60);

/// The count of attempts that have not proven the password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    count: u32,
    last: Option<Timestamp>,
}

/// The account takes no password for the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("too many wrong passwords; try again in {retry_after:?}")]
pub struct Blocked {
    /// How long until the next attempt is taken, in seconds.
    pub retry_after: Seconds,
}

impl Attempts {
    /// Counts an attempt before its password is looked at, so that attempts made in parallel are
    /// counted like attempts made one after the other.
    ///
    /// # Errors
    /// [`Blocked`] while the account waits; a blocked attempt is not counted.
    pub fn begin(self, now: Timestamp) -> Result<Self, (Self, Blocked)> {
        if self.forgotten_at().is_some_and(|moment| moment <= now) {
            return Ok(Self { count: 1, last: Some(now) });
        }
        match self.blocked_until() {
            Some(until) if now < until => {
                let retry_after = Seconds(now.seconds_until(until));
                Err((self, Blocked { retry_after }))
            }
            // A lock that has run out starts the count again.
            _ if self.count >= LOCKING => Ok(Self { count: 1, last: Some(now) }),
            _ => Ok(Self { count: self.count.saturating_add(1), last: Some(now) }),
        }
    }

    /// Whether the next attempt would be refused now.
    pub fn is_blocked(&self, now: Timestamp) -> bool {
        self.clone().begin(now).is_err()
    }

    /// Whether no attempt was wrong before the one that was counted last.
    pub fn is_first(&self) -> bool {
        self.count <= 1
    }

    /// When the next attempt is taken: after 1, 2, 4, 8, 16 seconds, and then the lock.
    fn blocked_until(&self) -> Option<Timestamp> {
        let last = self.last?;
        if self.count >= LOCKING {
            return Some(last.plus(LOCK));
        }
        let beyond = self.count.checked_sub(FREE.saturating_add(1))?;
        Some(last.plus(Seconds(1_u32.checked_shl(beyond).unwrap_or(u32::MAX))))
    }

    /// When the count may be forgotten.
    pub fn forgotten_at(&self) -> Option<Timestamp> {
        Some(self.last?.plus(Seconds(24 * 60 * 60)))
    }
}
