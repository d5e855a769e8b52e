//! The row of a grant: the access of a client.

use serde::{Deserialize, Serialize};

use crate::domain::account::rows::RowKind;
use crate::domain::time::Timestamp;
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::scope::Scope;

/// What the account stores about a grant of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename = "Grant")]
pub struct GrantRecord {
    /// The ID of the grant's object.
    pub grant_id: String,
    /// The client.
    pub client_id: String,
    /// Scopes.
    pub scope: Scope,
    /// The request's `claims`.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// The scopes that contain the claims which the request asked for by name (OpenID Connect Core §5.5),
    /// as granted now. A scope that the user removes is removed from `scope` and from this.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub claims_scope: Scope,
    /// The `sid` of the session in which the user allowed it.
    pub sid: String,
    /// Whether it outlives that session (OpenID Connect Core §11).
    pub offline: bool,
    /// When the user allowed it.
    pub since: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When the account asks the grant whether it has ended: first when its code expires, later when it ends unless it
    /// is refreshed. `None` for a grant that an earlier release stored; such a grant has its own alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_at: Option<Timestamp>,
    /// The `jti` of each revoked access token, and when that token expires anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<(String, Timestamp)>,
    /// Whether the grant has reported that its code was redeemed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redeemed: bool,
}

impl RowKind for GrantRecord {
    const PREFIX: &'static str = "grant/";

    fn since(&self) -> Timestamp {
        self.since
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl GrantRecord {
    /// The key of its row, if it doesn't share the row of a session.
    pub fn key(&self) -> String {
        key_of(&self.grant_id)
    }

    /// The grant without a scope that the user removes.
    #[must_use]
    pub fn without_scope(mut self, taken_back: &str) -> Self {
        self.scope = self.scope.filter(|token| token != taken_back);
        self.claims_scope = self.claims_scope.filter(|token| token != taken_back);
        self
    }

    /// All scopes that are granted now, including those that contain claims asked for by name.
    pub fn granted(&self) -> Scope {
        let mut granted = self.scope.clone();
        self.claims_scope.iter().for_each(|token| granted.insert(token));
        granted
    }

    /// The grant with one of its access tokens revoked.
    #[must_use]
    pub fn without(mut self, jti: String, expires_at: Timestamp, now: Timestamp) -> Self {
        self.revoked.retain(|(revoked, expires)| now < *expires && *revoked != jti);
        self.revoked.push((jti, expires_at));
        self
    }

    /// Whether an access token was revoked.
    pub fn has_revoked(&self, jti: &str) -> bool {
        self.revoked.iter().any(|(revoked, _)| revoked == jti)
    }
}

/// The key of the row of a grant that doesn't share the row of a session.
pub fn key_of(grant_id: &str) -> String {
    format!("{}{grant_id}", GrantRecord::PREFIX)
}
