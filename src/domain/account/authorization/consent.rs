//! The row of a consent: what a client may have without asking again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::request::RequestedAccess;
use crate::domain::account::rows::RowKind;
use crate::domain::time::Timestamp;
use crate::protocol::scope::Scope;

/// How many clients' consents are stored; beyond that, the oldest is deleted.
pub const MAX_CONSENTS: u32 = 200;
/// How many resources one consent stores; beyond that, the oldest is dropped.
pub const MAX_REMEMBERED_RESOURCES: usize = 50;
/// How many allowed scopes one consent remembers for each resource, and how many declined ones. Beyond
/// that, the oldest that the current request doesn't ask for are dropped. The limit is higher than the
/// number of scopes in one request, so a request always fits.
pub const MAX_REMEMBERED_SCOPES: usize = 200;
/// How many scopes one consent remembers for all resources together. Beyond that, resources that the
/// current request doesn't ask for are dropped.
pub const MAX_REMEMBERED_IN_ALL: usize = 1000;

/// What a client may have without asking again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The scopes that were allowed at each resource; an empty one stands for this server.
    pub allowed: BTreeMap<String, Scope>,
    /// The scopes that the user declined or removed. The user isn't asked about these alone again.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub declined: Scope,
    /// When it was last given.
    pub since: Timestamp,
}

impl RowKind for Consent {
    const PREFIX: &'static str = "consent/";

    fn since(&self) -> Timestamp {
        self.since
    }
}

impl Consent {
    /// The consent without a scope that the user removes.
    #[must_use]
    pub fn without(mut self, taken_back: &str) -> Self {
        for scope in self.allowed.values_mut() {
            *scope = scope.filter(|token| token != taken_back);
        }
        self.declined.insert(taken_back);
        self.declined.truncate_oldest(MAX_REMEMBERED_SCOPES, &Scope::default());
        self
    }

    /// Whether both allow and decline the same scopes.
    pub fn is_same(&self, other: &Self) -> bool {
        self.allowed == other.allowed && self.declined == other.declined
    }

    /// All allowed scopes, at any resource.
    pub fn scope(&self) -> Scope {
        let mut all = Scope::default();
        self.allowed.values().flat_map(Scope::iter).for_each(|token| all.insert(token));
        all
    }
}

/// The key of a client's consent.
pub fn key_of(client_id: &str) -> String {
    format!("{}{client_id}", Consent::PREFIX)
}

/// The consent to store: what was allowed before and what is allowed now.
pub fn remembered(
    request: &RequestedAccess,
    asked: &Scope,
    before: Option<&Consent>,
    now: Timestamp,
) -> Consent {
    let mut allowed = before.map(|consent| consent.allowed.clone()).unwrap_or_default();
    for target in request.targets() {
        let held = allowed.entry(target.to_owned()).or_default();
        asked.iter().for_each(|token| held.insert(token));
        held.truncate_oldest(MAX_REMEMBERED_SCOPES, asked);
    }
    // An app that keeps changing its registration must not grow the row without limit.
    while allowed.len() > MAX_REMEMBERED_RESOURCES
        || allowed.values().map(Scope::len).sum::<usize>() > MAX_REMEMBERED_IN_ALL
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
    declined.truncate_oldest(MAX_REMEMBERED_SCOPES, &request.declined);
    Consent { allowed, declined, since: now }
}
