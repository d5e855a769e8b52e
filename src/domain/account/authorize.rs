//! May this client have this? The account decides in one step, and records the grant.

use serde::{Deserialize, Serialize};

use super::census;
use super::row::{self, CONSENT, Consent, GRANT, Grant, ISSUER, Row, SESSION};
use super::session::{self, SessionProof};
use super::{AccountError, AccountReply, MAX_CONSENTS, Person, Rows, Transition};
use crate::domain::authentication::Authentication;
use crate::domain::machine::{EffectOf, RowKeys};
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::scope::{CONNECTION, OPENID, Scope};

/// What a client asks for, in the name of the person who is signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizeRequest {
    /// The client.
    pub client_id: String,
    /// Scopes.
    pub scope: Scope,
    /// Resources.
    pub resources: Vec<String>,
    /// The request's `claims`.
    pub claims: ClaimsRequest,
    /// The grant's object, which is opened after this.
    pub grant_id: String,
    /// Whether the grant outlives the session.
    pub offline: bool,
    /// When the grant is over at the latest.
    pub expires_at: Timestamp,
    /// When its code expires: from then on the account asks the grant whether it is over. `None` from a worker of the
    /// previous release.
    #[serde(default)]
    pub over_at: Option<Timestamp>,
    /// How long an access token lives.
    pub tokens: Seconds,
    /// The person must have signed in at or after this moment.
    pub signed_in_since: Option<Timestamp>,
    /// The `sub` that must be signed in, where the client names one.
    pub sub: Option<String>,
    /// Whether the person was asked.
    pub consent: ConsentGiven,
    /// What the person has just left out of what was asked for.
    #[serde(default)]
    pub declined: Scope,
}

/// Whether the person was asked for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsentGiven {
    /// The operator's own client: nobody is asked.
    FirstParty,
    /// What was allowed before is enough.
    Before,
    /// The person has just allowed it.
    JustNow,
    /// The person must be asked, whatever was allowed before (`prompt=consent`).
    MustAsk,
}

/// Who allowed it, and how they were signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Authorized {
    /// The account.
    pub account: String,
    /// How and when the user authenticated.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The session's name.
    pub sid: String,
    /// What was allowed of the scopes that were asked for.
    pub scope: Scope,
    /// When the grant ends at the latest, where it ends with the session.
    pub not_after: Option<Timestamp>,
}

/// What came of it: the answer, the rows that change, and what is told to others.
pub(super) struct Recorded {
    pub authorized: Authorized,
    pub grant: Grant,
    pub rows: Vec<(String, Option<Row>)>,
    pub effects: Vec<EffectOf<super::Account>>,
}

impl Person {
    pub(super) fn authorize(
        mut self,
        session: &SessionProof,
        request: AuthorizeRequest,
        rows: &Rows,
        now: Timestamp,
    ) -> Transition {
        let session = session::find(rows, session, now)?;
        let recorded = self.record(session, request, rows, now)?;
        let is_first = self.is_empty();
        self.count(|counts| counts.grants = counts.grants.saturating_add(1));
        let reply = AccountReply::Authorized(Box::new(recorded.authorized));
        let mut step = self.wound(reply, is_first, now).wants(recorded.effects);
        step.change.rows = recorded.rows;
        let key = row::grant_key(&recorded.grant.grant_id);
        Ok(step.put(key, Row::Grant(recorded.grant)))
    }

    /// Decides, and records the grant.
    pub(super) fn record(
        &mut self,
        session: &row::Session,
        mut request: AuthorizeRequest,
        rows: &Rows,
        now: Timestamp,
    ) -> Result<Recorded, AccountError> {
        if request.sub.as_ref().is_some_and(|sub| *sub != self.account) {
            return Err(AccountError::OtherPerson);
        }
        let authentication = session.authentication();
        if !request.signed_in_since.is_none_or(|since| authentication.is_since(since)) {
            return Err(AccountError::ReauthenticationRequired);
        }
        let consent_key = row::consent_key(&request.client_id);
        let before = match rows.get(&consent_key) {
            Some(Row::Consent(consent)) => Some(consent),
            _ => None,
        };
        // What the person left out is left out: just now, or before, and then it is not asked for
        // again.
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

        let room = census::make_room(rows, (&self.account, &request.client_id), now);
        self.count(|counts| counts.grants = room.left.unwrap_or(counts.grants));
        let mut changes = room.rows;
        if request.consent == ConsentGiven::JustNow {
            if before.is_none() {
                let (gone, left) = row::make_room(rows, CONSENT, MAX_CONSENTS, now);
                self.count(|counts| {
                    counts.consents = left.unwrap_or(counts.consents).saturating_add(1);
                });
                changes.extend(gone.into_iter().map(|key| (key, None)));
            }
            let consent = remembered(&request, &asked, before, now);
            changes.push((consent_key, Some(Row::Consent(consent))));
        }
        let grant = Grant {
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
                // The access tokens of a session live on for the moment that they have left.
                request.expires_at.min(ends.plus(request.tokens))
            }),
            over_at: request.over_at,
            revoked: Vec::new(),
        };
        Ok(Recorded { authorized, grant, rows: changes, effects: room.effects })
    }
}

impl AuthorizeRequest {
    /// The rows that it needs to see, beside the session's.
    pub(super) fn rows(&self, full: impl Fn(&str) -> bool) -> Vec<RowKeys> {
        let mut keys = vec![RowKeys::One(row::consent_key(&self.client_id))];
        if full(GRANT) {
            keys.extend([SESSION, GRANT].map(RowKeys::All));
        }
        if full(CONSENT) {
            keys.push(RowKeys::All(CONSENT));
        }
        keys
    }

    /// Where the tokens can be used: a token without a resource is for this server.
    fn targets(&self) -> impl Iterator<Item = &str> {
        let own = |token: &str| token == OPENID || token.starts_with(CONNECTION);
        let issuer = self.resources.is_empty() || self.scope.iter().any(own);
        self.resources.iter().map(String::as_str).chain(issuer.then_some(ISSUER))
    }
}

/// Consent is asked again for anything new: a scope, or a scope at a resource at which it was not
/// allowed before (RFC 8707 §3).
fn check_consent(
    request: &AuthorizeRequest,
    asked: &Scope,
    before: Option<&Consent>,
) -> Result<(), AccountError> {
    let covered = before.is_some_and(|consent| {
        let covers = |scope: &Scope| scope.covers(asked);
        request.targets().all(|target| consent.allowed.get(target).is_some_and(covers))
    });
    match request.consent {
        ConsentGiven::FirstParty | ConsentGiven::JustNow => Ok(()),
        ConsentGiven::Before if covered => Ok(()),
        ConsentGiven::Before | ConsentGiven::MustAsk => Err(AccountError::ConsentRequired {
            remembered: before.map(Consent::scope).unwrap_or_default(),
        }),
    }
}

/// What is remembered: what was allowed before, and what was allowed now.
fn remembered(
    request: &AuthorizeRequest,
    asked: &Scope,
    before: Option<&Consent>,
    now: Timestamp,
) -> Consent {
    let mut allowed = before.map(|consent| consent.allowed.clone()).unwrap_or_default();
    for target in request.targets() {
        let held = allowed.entry(target.to_owned()).or_default();
        asked.iter().for_each(|token| held.insert(token));
        held.truncate_oldest(row::MAX_REMEMBERED_SCOPES, asked);
    }
    // An app that keeps changing its registration must not grow the row without limit.
    while allowed.len() > row::MAX_REMEMBERED_RESOURCES
        || allowed.values().map(Scope::len).sum::<usize>() > row::MAX_REMEMBERED_IN_ALL
    {
        let asked_now = |resource: &String| request.targets().any(|target| target == resource);
        let Some(gone) = allowed.keys().find(|resource| !asked_now(resource)).cloned() else {
            break;
        };
        allowed.remove(&gone);
    }
    let mut declined = before.map(|consent| consent.declined.clone()).unwrap_or_default();
    request.declined.iter().for_each(|token| declined.insert(token));
    let mut declined = declined.filter(|token| !asked.contains(token));
    declined.truncate_oldest(row::MAX_REMEMBERED_SCOPES, &request.declined);
    Consent { allowed, declined, since: now }
}
