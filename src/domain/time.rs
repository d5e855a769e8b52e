//! Moments and spans.

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970. Only `edge/` and test support read a clock; everything
/// else is handed the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since 1970, as JWT counts (RFC 7519 §2).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment of a JWT's count of seconds.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The moment so many seconds later.
    pub fn plus(self, seconds: Seconds) -> Self {
        Self(self.0.saturating_add(i64::from(seconds.0).saturating_mul(1000)))
    }

    /// The moment so many seconds earlier.
    pub fn minus(self, seconds: Seconds) -> Self {
        Self(self.0.saturating_sub(i64::from(seconds.0).saturating_mul(1000)))
    }

    /// Whether less than `span` has passed since `start`. False if `start` is later, because the clock was set back:
    /// nothing lasts longer by that.
    pub fn is_within(self, span: Seconds, start: Self) -> bool {
        start <= self && self < start.plus(span)
    }

    /// Whole seconds until a later moment, rounded up; 0 where it has passed.
    pub fn seconds_until(self, later: Self) -> u32 {
        let milliseconds = later.0.saturating_sub(self.0).max(0);
        u32::try_from(milliseconds.saturating_add(999).div_euclid(1000)).unwrap_or(u32::MAX)
    }
}

/// A span of whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);
