//! Checks that the right user is signed in, recently enough, and has allowed the request. If so, stores the grant.

use super::consent::{self, Consent, MAX_CONSENTS};
use super::request::{AuthorizeError, Authorized, ConsentGiven, RequestedAccess};
use super::room;
use crate::domain::account::access::{GrantRecord, Session};
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::{self, InRow, Row, RowKind, Rows};
use crate::domain::event::Event;
use crate::domain::machine::{Effect, EffectOf, RowKeys};
use crate::domain::time::Timestamp;
use crate::protocol::scope::Scope;

impl RequestedAccess {
    /// The rows that [`Person::record`] needs, beside the session's.
    pub fn rows(&self, person: Option<&Person>) -> Vec<RowKeys> {
        let counts = person.and_then(|person| person.counts).unwrap_or_default();
        let mut keys = vec![RowKeys::One(consent::key_of(&self.client_id))];
        if counts.is_full_of_grants() {
            keys.extend([Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All));
        }
        if counts.is_full_of_consents() {
            keys.push(RowKeys::All(Consent::PREFIX));
        }
        keys
    }
}

/// The result: the reply, the rows that change, and the effects.
pub struct RecordedGrant {
    /// The reply.
    pub authorized: Authorized,
    /// The grant.
    pub grant: GrantRecord,
    /// The other rows that change.
    pub rows: Vec<(String, Option<Row>)>,
    /// The effects.
    pub effects: Vec<EffectOf<Account>>,
}

impl Person {
    /// Decides about the request, and makes the grant's row.
    pub fn record(
        &mut self,
        session: &Session,
        mut request: RequestedAccess,
        rows: &Rows,
        now: Timestamp,
    ) -> Result<RecordedGrant, AuthorizeError> {
        if request.sub.as_ref().is_some_and(|sub| *sub != self.account) {
            return Err(AuthorizeError::OtherPerson);
        }
        let authentication = session.authentication();
        if !request.signed_in_since.is_none_or(|since| authentication.is_since(since)) {
            return Err(AuthorizeError::ReauthenticationRequired);
        }
        let consent_key = consent::key_of(&request.client_id);
        let before = rows::get::<Consent>(rows, &consent_key);
        // Scopes that the user declined, now or earlier. Those declined earlier are not asked for again.
        let declined = match request.consent {
            ConsentGiven::Before | ConsentGiven::FirstParty => {
                before.map(|consent| &consent.declined)
            }
            ConsentGiven::JustNow => Some(&request.declined),
            ConsentGiven::MustAsk => None,
        };
        // Declining a scope also declines the claims in it that the request asked for by name (OpenID
        // Connect Core §5.5).
        let nothing = Scope::default();
        let declined = declined.unwrap_or(&nothing);
        let claims_scope = request.claims.scope().filter(|token| !declined.contains(token));
        request.scope = request.scope.filter(|token| !declined.contains(token));
        let mut asked = request.scope.clone();
        claims_scope.iter().for_each(|token| asked.insert(token));
        check_consent(&request, &asked, before)?;
        let authorized = Authorized {
            account: self.account.clone(),
            authentication,
            sid: session.sid.clone(),
            scope: request.scope.clone(),
            not_after: (!request.offline).then_some(session.expires_at),
        };

        let room = room::make_room(rows, &self.account, &request, now);
        self.count(|counts| counts.grants = room.left.unwrap_or(counts.grants));
        let mut changes = room.rows;
        let mut given = None;
        if request.consent == ConsentGiven::JustNow {
            if before.is_none() {
                let (gone, left) = rows::make_room::<Consent>(rows, MAX_CONSENTS, now);
                self.count(|counts| {
                    counts.consents = left.unwrap_or(counts.consents).saturating_add(1);
                });
                changes.extend(gone.into_iter().map(|key| (key, None)));
            }
            let consent = consent::remembered(&request, &asked, before, now);
            // The approval of a device can be repeated. The same consent again is no new event.
            let is_known = before.is_some_and(|before| before.is_same(&consent));
            given = (!is_known)
                .then(|| Event::consent_given(&self.account, &request.client_id, &asked));
            changes.push((consent_key, Some(consent.into_row())));
        }
        let grant = GrantRecord {
            grant_id: request.grant_id,
            client_id: request.client_id,
            scope: request.scope,
            claims: request.claims,
            claims_scope,
            redeemed: false,
            sid: authorized.sid.clone(),
            offline: request.offline,
            since: now,
            expires_at: authorized.not_after.map_or(request.expires_at, |ends| {
                // Access tokens that were issued just before the session ends stay valid until they expire.
                request.expires_at.min(ends.plus(request.tokens))
            }),
            over_at: request.over_at,
            revoked: Vec::new(),
        };
        let effects = room.effects.into_iter().chain(given.map(Effect::Record)).collect();
        Ok(RecordedGrant { authorized, grant, rows: changes, effects })
    }
}

/// The user is asked for consent if anything is new: a scope, or a scope at a resource for which it was not allowed
/// before (RFC 8707 §3).
fn check_consent(
    request: &RequestedAccess,
    asked: &Scope,
    before: Option<&Consent>,
) -> Result<(), AuthorizeError> {
    let covered = before.is_some_and(|consent| {
        let covers = |scope: &Scope| scope.covers(asked);
        request.targets().all(|target| consent.allowed.get(target).is_some_and(covers))
    });
    match request.consent {
        ConsentGiven::FirstParty | ConsentGiven::JustNow => Ok(()),
        ConsentGiven::Before if covered => Ok(()),
        ConsentGiven::Before | ConsentGiven::MustAsk => Err(AuthorizeError::ConsentRequired {
            remembered: before.map(Consent::scope).unwrap_or_default(),
        }),
    }
}
