//! How many sessions, consents and grants an account may have, and which rows are loaded to count them.

use super::consent::{Consent, MAX_CONSENTS};
use crate::domain::account::access::{self, GrantRecord, Session};
use crate::domain::account::person::{Counts, Person};
use crate::domain::account::rows::{self, RowKind, Rows};
use crate::domain::machine::RowKeys;

/// How many browsers may be signed in; beyond that, the oldest session ends.
pub const MAX_SESSIONS: u32 = 32;
/// How many grants an account may have. Beyond that, the client with the most grants loses one, so that no client can
/// displace the grants of others.
pub const MAX_GRANTS: u32 = 500;
/// When at most this many more grants fit, the account asks which grants have unredeemed codes.
const CENSUS: u32 = 20;

impl Counts {
    /// Whether there may be no room for one more session.
    pub fn is_full_of_sessions(self) -> bool {
        self.sessions >= MAX_SESSIONS
    }

    /// Whether there may be no room for one more consent.
    pub fn is_full_of_consents(self) -> bool {
        self.consents >= MAX_CONSENTS
    }

    /// Whether at most `CENSUS` more grants fit.
    pub fn is_full_of_grants(self) -> bool {
        self.grants >= MAX_GRANTS.saturating_sub(CENSUS)
    }
}

impl Person {
    /// The rows that [`Person::counted`] needs.
    pub fn rows_to_count(&self) -> Vec<RowKeys> {
        match self.counts {
            Some(_) => Vec::new(),
            None => {
                [Session::PREFIX, Consent::PREFIX, GrantRecord::PREFIX].map(RowKeys::All).to_vec()
            }
        }
    }

    /// The same state with its rows counted.
    #[must_use]
    pub fn counted(mut self, rows: &Rows) -> Self {
        self.counts.get_or_insert_with(|| Counts {
            sessions: rows::count::<Session>(rows),
            consents: rows::count::<Consent>(rows),
            grants: u32::try_from(access::all(rows).count()).unwrap_or(u32::MAX),
        });
        self
    }
}
