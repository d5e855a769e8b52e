//! The grants of an account. Each is stored in its own row, or in the row of the session that began with it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::grant::{self, GrantRecord};
use super::session::{self, Session};
use crate::domain::account::person::Account;
use crate::domain::account::refusal::{AccountError, NoAccount};
use crate::domain::account::rows::{InRow, Rows};
use crate::domain::machine::{Address, Change, Effect, EffectOf, RowKeys};
use crate::domain::notice::to_grant::{End, EndExpected, Narrow, NarrowExpected, Report};
use crate::domain::time::{Seconds, Timestamp};

/// The most grants that one step sends a command to, not counting those that the user ends. Cloudflare allows 50
/// subrequests per invocation on its free plan.
pub const MAX_TOLD: usize = 20;
/// How long after the account stored a grant the code may still be on its way to the grant's object.
const ON_THE_WAY: Seconds = Seconds(60);

/// Why a command about a grant is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum GrantError {
    /// No such account.
    #[error("the account does not exist")]
    Unknown,
    /// The account doesn't have this grant, or it has ended.
    #[error("the grant was ended")]
    NoGrant,
}

impl From<NoAccount> for GrantError {
    fn from(_: NoAccount) -> Self {
        Self::Unknown
    }
}

impl AccountError for GrantError {
    fn is_signed_out(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

/// The number of the session that a grant began with.
pub fn number_of(grant_id: &str) -> u32 {
    let digest = Sha256::digest(grant_id.as_bytes());
    digest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// The rows in which a grant can be stored.
pub fn rows_of(grant_id: &str) -> [RowKeys; 2] {
    [grant::key_of(grant_id), session::key_of(number_of(grant_id))].map(RowKeys::One)
}

/// A grant, and the row in which it is stored.
#[derive(Clone, Copy, Debug)]
pub struct HeldGrant<'r> {
    /// The key of its row.
    key: &'r str,
    /// The session that shares this row, if there is one.
    session: Option<&'r Session>,
    /// The grant.
    pub grant: &'r GrantRecord,
}

/// All grants among the rows.
pub fn all(rows: &Rows) -> impl Iterator<Item = HeldGrant<'_>> {
    rows.iter().filter_map(|(key, row)| {
        let session = Session::of(row);
        let grant = match session {
            Some(session) => session.grant.as_deref()?,
            None => GrantRecord::of(row)?,
        };
        Some(HeldGrant { key, session, grant })
    })
}

/// The grant with this ID.
pub fn find<'r>(rows: &'r Rows, grant_id: &str) -> Option<HeldGrant<'r>> {
    all(rows).find(|held| held.grant.grant_id == grant_id)
}

/// The grant of an access token (grant ID, `jti`), while both are valid.
///
/// # Errors
/// [`GrantError::NoGrant`].
pub fn find_usable<'r>(
    rows: &'r Rows,
    grant_id: &str,
    jti: &str,
    now: Timestamp,
) -> Result<&'r GrantRecord, GrantError> {
    let found = find(rows, grant_id).map(|held| held.grant);
    found
        .filter(|grant| now < grant.expires_at && !grant.has_revoked(jti))
        .ok_or(GrantError::NoGrant)
}

impl HeldGrant<'_> {
    /// Replaces the grant in its row; `None` removes it.
    pub fn replace(&self, change: Change<Account>, grant: Option<GrantRecord>) -> Change<Account> {
        let key = self.key.to_owned();
        match (self.session, grant) {
            (None, Some(grant)) => change.put(key, grant.into_row()),
            (None, None) => change.delete(key),
            (Some(session), grant) => {
                // If the session is deleted in the same step, the row is gone already.
                if change.rows.iter().any(|(other, row)| *other == key && row.is_none()) {
                    return change;
                }
                let session = Session { grant: grant.map(Box::new), ..session.clone() };
                change.put(key, session.into_row())
            }
        }
    }

    /// The effect that removes a scope from the grant itself.
    pub fn narrow(&self, scope: &str, now: Timestamp) -> Option<EffectOf<Account>> {
        let (address, scope) = (Address::Id(self.grant.grant_id.clone()), scope.to_owned());
        if self.is_expected(now) {
            let until = self.grant.since.plus(ON_THE_WAY);
            Effect::send(address, &NarrowExpected { scope, until })
        } else {
            Effect::send(address, &Narrow(scope))
        }
    }

    /// The effect that asks the grant whether it has ended.
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

/// Ends the grants that match: deletes their rows and sends their objects a command to end.
pub fn end(
    change: Change<Account>,
    rows: &Rows,
    now: Timestamp,
    ends: impl Fn(&GrantRecord) -> bool,
) -> Change<Account> {
    all(rows)
        .filter(|held| ends(held.grant))
        .fold(change, |change, held| held.replace(change, None).wants(held.end(now)))
}
