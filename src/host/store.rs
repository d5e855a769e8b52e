//! The storage of one object.

use async_trait::async_trait;

use crate::domain::entropy::Entropy;
use crate::domain::stored::Unreadable;
use crate::domain::time::Timestamp;
use crate::ports::Unavailable;

/// The storage, memory and clock of one object. The state and the rows are text, each under its own key; the state is
/// also kept in memory.
#[async_trait(?Send)]
pub trait Store {
    /// The time: never earlier than `at_least`, nor than any earlier result. What an object has seen once, such as the
    /// end of a session, must not be undone by a clock that is set back. While the clock is behind, the time goes on at
    /// half its speed, so that every wait in the object ends and the clock catches up. Between two calls, at most one
    /// minute counts as passed, so that a clock that jumps back and forth doesn't drive the time ahead.
    fn now(&self, at_least: Timestamp) -> Timestamp;

    /// The time of the platform's clock, by which alarms fire. It may be behind [`Store::now`].
    fn clock(&self) -> Timestamp;

    /// A number for a step: at least `at_least`, and larger than every earlier number that is in memory.
    fn number(&self, at_least: i64) -> i64;

    /// The source of random bytes.
    fn entropy(&self) -> &dyn Entropy;

    /// The state in memory, or else the stored one. Empty if there is none.
    ///
    /// # Errors
    /// What is stored is not text.
    fn state(&self) -> Result<String, Unreadable>;

    /// The row with this key.
    ///
    /// # Errors
    /// What is stored is not text.
    fn row(&self, key: &str) -> Result<Option<String>, Unreadable>;

    /// The keys and texts of the rows whose keys begin with `prefix`, in the order of the keys. A value that is not
    /// text becomes an empty text, which the reader refuses: one such row must not hide the others.
    ///
    /// # Errors
    /// The rows can't be listed.
    fn rows(&self, prefix: &str) -> Result<Vec<(String, String)>, Unreadable>;

    /// Commits the changes, all or none.
    ///
    /// # Errors
    /// Nothing was changed.
    fn commit(&self, changes: Changes) -> Result<(), Unavailable>;

    /// Whether an alarm is set, as far as is known without reading it: a stored state implies an alarm.
    fn has_alarm(&self) -> bool;

    /// Removes everything, as if the object had never been used.
    ///
    /// # Errors
    /// The storage didn't respond.
    async fn erase(&self) -> Result<(), Unavailable>;

    /// The object's ID: 64 hexadecimal digits.
    fn id(&self) -> String;

    /// Logs an event, as one line of JSON.
    fn log_event(&self, line: &str);

    /// Logs and counts that stored data can't be read. The log names the object's class and ID, never the content.
    /// Returns the logged message.
    fn unreadable(&self, what: &str, why: Unreadable) -> String;
}

/// The changes of one step.
#[derive(Debug, Default)]
pub struct Changes {
    /// The state.
    pub state: NewState,
    /// Rows to write, by key; `None` deletes a row.
    pub rows: Vec<(String, Option<String>)>,
    /// When the alarm fires, by [`Store::clock`].
    pub alarm: Option<Timestamp>,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_none(&self) -> bool {
        matches!(self.state, NewState::Unchanged) && self.rows.is_empty() && self.alarm.is_none()
    }
}

/// What happens to the state.
#[derive(Debug, Default)]
pub enum NewState {
    /// The state stays as it is.
    #[default]
    Unchanged,
    /// The state changes only in memory.
    Remembered(String),
    /// The state is written.
    Written(String),
    /// The state is deleted.
    Deleted,
}
