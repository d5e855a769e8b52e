//! Reads everything that the account page shows.

use serde::{Deserialize, Serialize};

use super::access::{self, Session, SessionProof, SessionView};
use super::all_rows::all_rows;
use super::authorization::Consent;
use super::claims::{Membership, Sources};
use super::connections;
use super::existing::existing;
use super::identities::LinkedIdentity;
use super::person::{Account, Person};
use super::refusal::SessionError;
use super::rows::{self, Rows};
use crate::domain::connection::ConnectionId;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::time::Timestamp;
use crate::protocol::scope::Scope;

/// Reads the account of the session that the browser presents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadOverview(pub SessionProof);

/// What the account page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Overview {
    /// This session.
    pub session: SessionView,
    /// Every signed-in browser, with its number.
    pub sessions: Vec<(u32, Session)>,
    /// Every client with a grant or a consent, and when access was last given.
    pub apps: Vec<AppAccess>,
    /// Every linked identity, with the key of its row.
    pub identities: Vec<(String, LinkedIdentity)>,
    /// Where each claim came from.
    pub sources: Sources,
    /// The groups and roles that providers assert.
    pub memberships: Vec<Membership>,
    /// The outside accounts that are connected.
    pub connections: Vec<ConnectionId>,
}

/// A client with access to the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppAccess {
    /// The client.
    pub client_id: String,
    /// All scopes that it may use.
    pub scope: Scope,
    /// When access was last given.
    pub since: Timestamp,
}

impl Command for ReadOverview {
    const NAME: &'static str = "Overview";
    const REPLY: Option<&'static str> = Some("Overview");
    type Machine = Account;
    type Reply = Overview;
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        all_rows()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(proof) = self;
        existing(before, |person, rows| {
            let session = person.view(proof.find(rows, now)?);
            let sessions = access::numbered(rows)
                .filter(|(_, _, session)| now < session.expires_at)
                .map(|(_, number, session)| (number, session.clone()))
                .collect();
            let identities = rows::all::<LinkedIdentity>(rows);
            Ok(Step::unchanged(Ok(Overview {
                session,
                sessions,
                apps: apps(rows, now),
                identities: identities.map(|(key, row)| (key.to_owned(), row.clone())).collect(),
                sources: person.sources,
                memberships: person.memberships.into_values().collect(),
                connections: connections::all(rows).collect(),
            })))
        })
    }
}

/// Every client with a grant or a consent, and all scopes that it may use.
fn apps(rows: &Rows, now: Timestamp) -> Vec<AppAccess> {
    let mut apps: Vec<AppAccess> = Vec::new();
    let granted = access::all(rows)
        .map(|held| held.grant)
        .filter(|grant| now < grant.expires_at)
        .map(|grant| (grant.client_id.as_str(), grant.granted(), grant.since));
    let consented = rows::named::<Consent>(rows)
        .map(|(client_id, consent)| (client_id, consent.scope(), consent.since));
    for (client_id, scope, since) in granted.chain(consented) {
        match apps.iter_mut().find(|app| app.client_id == client_id) {
            Some(app) => {
                scope.iter().for_each(|token| app.scope.insert(token));
                app.since = app.since.max(since);
            }
            None => {
                let client_id = client_id.to_owned();
                apps.push(AppAccess { client_id, scope, since });
            }
        }
    }
    apps
}
