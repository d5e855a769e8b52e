//! Points in time and durations.

use serde::{Deserialize, Serialize};

/// A point in time, in milliseconds since 1970. Only `edge/` and the tests read a clock; everything else gets the time
/// as a parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since 1970, as in a JWT's `NumericDate` (RFC 7519 §2).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time of a JWT's `NumericDate`.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// This many seconds later.
    pub fn plus(self, seconds: Seconds) -> Self {
        Self(self.0.saturating_add(i64::from(seconds.0).saturating_mul(1000)))
    }

    /// This many seconds earlier.
    pub fn minus(self, seconds: Seconds) -> Self {
        Self(self.0.saturating_sub(i64::from(seconds.0).saturating_mul(1000)))
    }

    /// Whether less than `span` has passed since `start`. False if `start` is later, because the clock was set back:
    /// that must not make anything last longer.
    pub fn is_within(self, span: Seconds, start: Self) -> bool {
        start <= self && self < start.plus(span)
    }

    /// Whole seconds until `later`, rounded up; 0 if it has passed.
    pub fn seconds_until(self, later: Self) -> u32 {
        let milliseconds = later.0.saturating_sub(self.0).max(0);
        u32::try_from(milliseconds.saturating_add(999).div_euclid(1000)).unwrap_or(u32::MAX)
    }
}

/// A duration in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);
