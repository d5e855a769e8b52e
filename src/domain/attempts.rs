//! Limits wrong passwords: an account first delays further attempts, then refuses them for a while.

use serde::{Deserialize, Serialize};

use super::time::{Seconds, Timestamp};

/// This many wrong passwords in a row cause no delay.
const FREE: u32 = 4;
/// This many wrong passwords in a row lock the account.
const LOCKING: u32 = 10;
/// How long a lock lasts.
const LOCK: Seconds = Seconds(15 * 60);

/// Counts the password attempts since the last right password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    count: u32,
    last: Option<Timestamp>,
}

/// The account accepts no password at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("too many wrong passwords; try again in {retry_after:?}")]
pub struct Blocked {
    /// Seconds until the account accepts the next attempt.
    pub retry_after: Seconds,
}

impl Attempts {
    /// Counts an attempt before its password is verified, so that parallel attempts are counted like consecutive ones.
    ///
    /// # Errors
    /// [`Blocked`] while the account is blocked. A blocked attempt is not counted.
    pub fn begin(self, now: Timestamp) -> Result<Self, (Self, Blocked)> {
        if self.forgotten_at().is_some_and(|moment| moment <= now) {
            return Ok(Self { count: 1, last: Some(now) });
        }
        match self.blocked_until() {
            Some(until) if now < until => {
                let retry_after = Seconds(now.seconds_until(until));
                Err((self, Blocked { retry_after }))
            }
            // After a lock ends, the count starts again.
            _ if self.count >= LOCKING => Ok(Self { count: 1, last: Some(now) }),
            _ => Ok(Self { count: self.count.saturating_add(1), last: Some(now) }),
        }
    }

    /// Whether an attempt would be refused at `now`.
    pub fn is_blocked(&self, now: Timestamp) -> bool {
        self.clone().begin(now).is_err()
    }

    /// Whether the attempt counted last is the only one since the last right password.
    pub fn is_first(&self) -> bool {
        self.count <= 1
    }

    /// When the next attempt is accepted: after 1, 2, 4, 8 or 16 seconds, then after the lock.
    fn blocked_until(&self) -> Option<Timestamp> {
        let last = self.last?;
        if self.count >= LOCKING {
            return Some(last.plus(LOCK));
        }
        let beyond = self.count.checked_sub(FREE.saturating_add(1))?;
        Some(last.plus(Seconds(1_u32.checked_shl(beyond).unwrap_or(u32::MAX))))
    }

    /// When the count can be deleted.
    pub fn forgotten_at(&self) -> Option<Timestamp> {
        Some(self.last?.plus(Seconds(24 * 60 * 60)))
    }
}
