//! Begins sessions. The same step decides whether a waiting app gets access.

use serde::{Deserialize, Serialize};

use super::new_session::NewSession;
use crate::domain::account::access::{self, GrantRecord, Session, SessionProof};
use crate::domain::account::authorization::{
    AuthorizeError, Authorized, MAX_SESSIONS, RecordedGrant,
};
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::{self, InRow, RowKind, Rows};
use crate::domain::entropy::{self, Entropy};
use crate::domain::machine::{Change, RowKeys};
use crate::domain::time::Timestamp;

/// A session that has just begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// The content of the new session cookie.
    pub session: SessionProof,
    /// The access of the waiting app, if there was one.
    pub authorized: Option<Result<Authorized, AuthorizeError>>,
}

/// The rows that a sign-in needs.
pub fn rows_of(
    person: Option<&Person>,
    session: &NewSession,
    replaces: Option<&SessionProof>,
) -> Vec<RowKeys> {
    let mut keys: Vec<RowKeys> = replaces.map(SessionProof::row).into_iter().collect();
    keys.extend(session.asks.iter().flat_map(|asked| asked.rows(person)));
    let counts = person.and_then(|person| person.counts);
    if counts.is_some_and(|counts| counts.is_full_of_sessions()) {
        keys.extend([Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All));
    }
    keys.extend(person.map_or_else(Vec::new, Person::rows_to_count));
    keys
}

impl Person {
    /// Begins a session. A user who signs in again in the same browser continues the same session, so that signing out
    /// later also ends earlier grants.
    pub fn continue_session(
        mut self,
        session: NewSession,
        replaces: Option<&SessionProof>,
        rows: &Rows,
        (now, entropy): (Timestamp, &dyn Entropy),
    ) -> (Change<Account>, SignedIn) {
        let continued =
            replaces.and_then(|proof| Some((proof.key(), proof.find(rows, now).ok()?.clone())));
        let Some((replaced, before)) = continued else {
            return self.begin_session(session, rows, (now, entropy));
        };
        // The replaced session frees its own place, so no other session is dropped, and no grant of this one.
        let mut others = rows.clone();
        others.remove(&replaced);
        self.count(|counts| counts.sessions = counts.sessions.saturating_sub(1));
        let session = NewSession { sid: Some(before.sid), ..session };
        let (change, signed_in) = self.begin_session(session, &others, (now, entropy));
        let change = change.delete(replaced);
        // A grant that shared the row of the replaced session gets its own row.
        let change = match before.grant {
            Some(grant) => change.put(grant.key(), grant.into_row()),
            None => change,
        };
        (change, signed_in)
    }

    /// Begins a session in a browser that had none.
    pub fn begin_session(
        mut self,
        mut session: NewSession,
        rows: &Rows,
        (now, entropy): (Timestamp, &dyn Entropy),
    ) -> (Change<Account>, SignedIn) {
        let is_first = self.is_empty();
        let (gone, left) = rows::make_room::<Session>(rows, MAX_SESSIONS, now);
        self.count(|counts| {
            counts.sessions = left.unwrap_or(counts.sessions).saturating_add(1);
        });
        let ended =
            rows::all::<Session>(rows).filter(|(key, _)| gone.iter().any(|gone| gone == key));
        let sids: Vec<&str> = ended.map(|(_, session)| session.sid.as_str()).collect();
        let mut number = u32::from_be_bytes(entropy::bytes(entropy));
        let asks = session.asks.take();
        let (mut session, secret) = session.begin(now, entropy);
        let mut change = Change::none();
        // Decide about the waiting app now, so that the session and the grant are written as one row.
        let authorized = asks.map(|request| {
            let recorded = self.record(&session, *request, rows, now)?;
            let RecordedGrant { authorized, grant, rows, effects } = recorded;
            self.count(|counts| counts.grants = counts.grants.saturating_add(1));
            (change.rows, change.effects) = (rows, effects);
            if grant.offline {
                change.rows.push((grant.key(), Some(grant.into_row())));
            } else {
                number = access::number_of(&grant.grant_id);
                session.grant = Some(Box::new(grant));
            }
            Ok(authorized)
        });
        let proof = SessionProof { number, secret };
        change = change.put(proof.key(), session.into_row());
        change = gone.iter().cloned().fold(change, Change::delete);
        change =
            access::end(change, rows, now, |grant| !grant.offline && sids.contains(&&*grant.sid));
        change.next = self.with_clock(is_first, now).next;
        (change, SignedIn { session: proof, authorized })
    }
}
