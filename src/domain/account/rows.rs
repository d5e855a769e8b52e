//! How the parts of an account keep rows. A part declares a kind of row by [`RowKind`]; `machine.rs` lists all kinds.

use std::collections::BTreeMap;

use super::person::Account;
use crate::domain::machine::Machine;
use crate::domain::time::Timestamp;

/// A row of any kind.
pub type Row = <Account as Machine>::Row;
/// The rows that were loaded, by key.
pub type Rows = BTreeMap<String, Row>;

/// A kind of row.
pub trait RowKind {
    /// What the keys of such rows begin with.
    const PREFIX: &'static str;

    /// When it was created. The oldest rows are dropped first.
    fn since(&self) -> Timestamp;

    /// When it expires; `None` if it doesn't.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    /// The latest time in this row at which the account acted.
    fn latest(&self) -> Timestamp {
        self.since()
    }
}

/// A kind of row that `machine.rs` lists.
pub trait InRow: RowKind + Sized {
    /// The row, if it is of this kind.
    fn of(row: &Row) -> Option<&Self>;

    /// The row to store.
    fn into_row(self) -> Row;
}

/// The row of this kind with this key.
pub fn get<'r, R: InRow + 'r>(rows: &'r Rows, key: &str) -> Option<&'r R> {
    rows.get(key).and_then(R::of)
}

/// All rows of this kind, by key.
pub fn all<'r, R: InRow + 'r>(rows: &'r Rows) -> impl Iterator<Item = (&'r str, &'r R)> {
    rows.iter().filter_map(|(key, row)| Some((key.as_str(), R::of(row)?)))
}

/// All rows of this kind, each with its key without the prefix.
pub fn named<'r, R: InRow + 'r>(rows: &'r Rows) -> impl Iterator<Item = (&'r str, &'r R)> {
    all(rows).filter_map(|(key, row)| Some((key.strip_prefix(R::PREFIX)?, row)))
}

/// How many there are.
pub fn count<R: InRow>(rows: &Rows) -> u32 {
    bounded(rows.values().filter_map(R::of).count())
}

/// Makes room for one more row of a kind. Returns the keys to delete (expired rows, and the oldest if that isn't
/// enough) and how many rows are left; no keys and `None` if the rows of the kind were not loaded, which means there is
/// room.
pub fn make_room<R: InRow>(rows: &Rows, bound: u32, now: Timestamp) -> (Vec<String>, Option<u32>) {
    let has_expired = |row: &R| row.expires_at().is_some_and(|moment| moment <= now);
    let mut held: Vec<(&str, &R)> = all(rows).collect();
    let total = bounded(held.len());
    if total <= 1 {
        return (Vec::new(), None);
    }
    held.sort_by_key(|(_, row)| (!has_expired(row), row.since()));
    let expired = held.iter().filter(|(_, row)| has_expired(row)).count();
    let beyond = total.saturating_add(1).saturating_sub(bound);
    let going = expired.max(usize::try_from(beyond).unwrap_or(0));
    let gone: Vec<String> = held.into_iter().take(going).map(|(key, _)| key.to_owned()).collect();
    let left = total.saturating_sub(bounded(gone.len()));
    (gone, Some(left))
}

fn bounded(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
