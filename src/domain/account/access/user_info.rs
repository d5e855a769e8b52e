//! The claims that a grant may read (OpenID Connect Core §5.3).

use serde::{Deserialize, Serialize};

use super::held::{GrantError, find_usable, rows_of};
use crate::domain::account::claims::Membership;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::time::Timestamp;
use crate::protocol::claims::{ClaimsRequest, StandardClaims};
use crate::protocol::scope::Scope;

/// Reads the claims for the holder of an access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserInfo {
    /// The grant.
    pub grant_id: String,
    /// The ID of the access token (`jti`, RFC 9068 §2.2).
    pub jti: String,
}

/// The claims of the user, and which of them the grant may read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantedClaims {
    /// The claims.
    pub claims: StandardClaims,
    /// The groups and roles that providers assert.
    pub memberships: Vec<Membership>,
    /// The scopes that are granted now.
    pub scope: Scope,
    /// The scopes that contain the claims asked for by name (OpenID Connect Core §5.5), and are granted now.
    pub claims_scope: Scope,
    /// The grant's `claims` request.
    pub request: ClaimsRequest,
}

impl Command for UserInfo {
    const NAME: &'static str = "UserInfo";
    const REPLY: Option<&'static str> = Some("UserInfo");
    type Machine = Account;
    type Reply = GrantedClaims;
    type Error = GrantError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        rows_of(&self.grant_id).to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { grant_id, jti } = self;
        existing(before, |person, rows| {
            let grant = find_usable(rows, &grant_id, &jti, now)?;
            let granted = GrantedClaims {
                claims: person.stated_claims(),
                memberships: person.memberships.into_values().collect(),
                scope: grant.scope.clone(),
                claims_scope: grant.claims_scope.clone(),
                request: grant.claims.clone(),
            };
            Ok(Step::unchanged(Ok(granted)))
        })
    }
}
