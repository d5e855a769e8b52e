//! The grants that an account has noted: each in a row of its own, or in the row of the session that began with it.

use sha2::{Digest, Sha256};

use super::row::{self, Grant, Row, Session};
use super::{Account, Rows};
use crate::domain::machine::{Address, Change, Effect, EffectOf, RowKeys};
use crate::domain::notice::to_grant::{End, EndExpected, Narrow, NarrowExpected, Report};
use crate::domain::time::{Seconds, Timestamp};

/// How many grants are told or asked in one step, beside those that a user ends. Cloudflare allows 50 subrequests per
/// invocation on its free plan.
pub(super) const MAX_TOLD: usize = 20;
/// How long after the account noted a grant its code may still be on the way to the grant's object.
const ON_THE_WAY: Seconds = Seconds(60);

/// The number of the session that a grant began with.
pub fn number_of(grant_id: &str) -> u32 {
    let digest = Sha256::digest(grant_id.as_bytes());
    digest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// The rows in which a grant can be.
pub(super) fn rows_of(grant_id: &str) -> [RowKeys; 2] {
    let session = row::session_key(number_of(grant_id));
    [RowKeys::One(row::grant_key(grant_id)), RowKeys::One(session)]
}

/// A grant, and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'r> {
    /// The key of its row.
    key: &'r str,
    /// The session that it shares the row with.
    session: Option<&'r Session>,
    /// The grant.
    pub grant: &'r Grant,
}

/// All grants among the rows.
pub(super) fn all(rows: &Rows) -> impl Iterator<Item = Held<'_>> {
    rows.iter().filter_map(|(key, row)| match row {
        Row::Grant(grant) => Some(Held { key, session: None, grant }),
        Row::Session(session) => {
            let grant = session.grant.as_deref()?;
            Some(Held { key, session: Some(session), grant })
        }
        _ => None,
    })
}

/// The grant with this ID.
pub(super) fn find<'r>(rows: &'r Rows, grant_id: &str) -> Option<Held<'r>> {
    all(rows).find(|held| held.grant.grant_id == grant_id)
}

impl Held<'_> {
    /// The row with another grant in place of this one.
    pub fn replace(&self, change: Change<Account>, grant: Option<Grant>) -> Change<Account> {
        let key = self.key.to_owned();
        match (self.session, grant) {
            (None, Some(grant)) => change.put(key, Row::Grant(grant)),
            (None, None) => change.delete(key),
            (Some(session), grant) => {
                // A session that goes in the same step takes the grant with it.
                if change.rows.iter().any(|(other, row)| *other == key && row.is_none()) {
                    return change;
                }
                let session = Session { grant: grant.map(Box::new), ..session.clone() };
                change.put(key, Row::Session(session))
            }
        }
    }

    /// The effect that takes a scope back from the grant itself.
    pub fn narrow(&self, scope: &str, now: Timestamp) -> Option<EffectOf<Account>> {
        let (address, scope) = (Address::Id(self.grant.grant_id.clone()), scope.to_owned());
        if self.is_expected(now) {
            let until = self.grant.since.plus(ON_THE_WAY);
            Effect::send(address, &NarrowExpected { scope, until })
        } else {
            Effect::send(address, &Narrow(scope))
        }
    }

    /// The effect that asks the grant whether it is over.
    pub fn ask(&self, account: &str, now: Timestamp) -> Option<EffectOf<Account>> {
        let grant_id = self.grant.grant_id.clone();
        let address = Address::Id(grant_id.clone());
        let is_expected = self.is_expected(now);
        Effect::send(address, &Report { account: account.to_owned(), grant_id, is_expected })
    }

    /// The effect that ends the grant itself, so that its tokens stop working.
    pub fn end(&self, now: Timestamp) -> Option<EffectOf<Account>> {
        let address = Address::Id(self.grant.grant_id.clone());
        let until = self.grant.since.plus(ON_THE_WAY);
        if self.is_expected(now) {
            Effect::send(address, &EndExpected { until })
        } else {
            Effect::send(address, &End)
        }
    }

    /// Whether the grant's code may not have reached its object yet.
    fn is_expected(&self, now: Timestamp) -> bool {
        now < self.grant.since.plus(ON_THE_WAY)
    }
}

/// Ends the grants that match.
pub(super) fn end(
    change: Change<Account>,
    rows: &Rows,
    now: Timestamp,
    ends: impl Fn(&Grant) -> bool,
) -> Change<Account> {
    all(rows)
        .filter(|held| ends(held.grant))
        .fold(change, |change, held| held.replace(change, None).wants(held.end(now)))
}
