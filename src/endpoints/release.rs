//! Which claims about a user a client gets (OpenID Connect Core §5.4 and §5.5).
//!
//! The scopes granted at the moment of release decide. A claim that the `claims` parameter requested by name
//! is released only while the scope that contains it is granted.

use super::failure::Failure;
use super::server::Server;
use super::upstream;
use crate::domain::account::{self, GrantError, GrantedClaims, UserInfo};
use crate::domain::machine::Address;
use crate::protocol::claims::{self, ClaimsObject, ClaimsRequest, StandardClaims};
use crate::protocol::scope::Scope;

/// The claims of a user, and the scopes and requested claims of the grant that may see them.
pub(super) struct Release {
    claims: StandardClaims,
    scope: Scope,
    claims_scope: Scope,
    request: ClaimsRequest,
}

impl Release {
    /// Asks the account for the grant (`grant_id`) and access token (`jti`). `None` if the grant has ended or
    /// the token was revoked.
    ///
    /// # Errors
    /// Internal errors only.
    pub async fn read(
        server: &Server<'_>,
        sub: &str,
        grant_id: &str,
        jti: &str,
    ) -> Result<Option<Self>, Failure> {
        let (grant_id, jti) = (grant_id.to_owned(), jti.to_owned());
        let address = Address::Id(sub.to_owned());
        let granted = match server.ask(&address, UserInfo { grant_id, jti }).await? {
            Ok(granted) => granted,
            Err(GrantError::NoGrant | GrantError::Unknown) => return Ok(None),
        };
        let GrantedClaims { mut claims, memberships, scope, claims_scope, request } = granted;
        let believed = memberships.iter().filter(|held| upstream::is_believed(server, held));
        account::release(&mut claims, believed);
        Ok(Some(Self { claims, scope, claims_scope, request }))
    }

    /// The claims that userinfo returns for an access token with these scopes.
    pub fn for_userinfo(&self, token: &Scope) -> ClaimsObject {
        let granted = token.intersection(&self.scope);
        let is_named = |claim: &str| self.may_see(claim, &self.request.userinfo);
        self.claims.select(|claim| claims::in_scope(claim, &granted) || is_named(claim))
    }

    /// The claims for the ID token.
    pub fn for_id_token(&self) -> ClaimsObject {
        self.claims.select(|claim| self.may_see(claim, &self.request.id_token))
    }

    /// Whether the request named the claim, and the scope that contains it is granted now.
    fn may_see(&self, claim: &str, named: &[String]) -> bool {
        let is_granted =
            |scope: &str| self.claims_scope.contains(scope) || self.scope.contains(scope);
        named.iter().any(|name| name == claim) && claims::scope_of(claim).is_some_and(is_granted)
    }
}
