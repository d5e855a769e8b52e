//! The clock.

use js_sys::Date;

use vestibule::domain::time::Timestamp;

/// Now. Workers stop the clock while code runs, so that it cannot be timed.
#[expect(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "the edge's own clock"
)]
pub(super) fn now() -> Timestamp {
    Timestamp(Date::now() as i64)
}
