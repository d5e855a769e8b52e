//! What a user allowed, and for how long.

use serde::{Deserialize, Serialize};

use crate::domain::authentication::Authentication;
use crate::domain::event::Event;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::grant_type::GrantType;
use crate::protocol::scope::Scope;

/// What a user allowed a client, and how the user was authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The ID of the grant's object.
    pub grant_id: String,
    /// The account's ID.
    pub account: String,
    /// The client's ID.
    pub client_id: String,
    /// Granted scopes.
    pub scope: Scope,
    /// Granted resources (RFC 8707); empty for the issuer itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The request's `nonce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The request's `claims`.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// How and when the user authenticated.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The `sid` of the session in which the user allowed it.
    pub sid: String,
    /// When that session ends, if the grant ends with it (OpenID Connect Core §11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

impl Authorization {
    /// Adds this grant, its client and its account to the event.
    pub(super) fn concerned(&self, event: Event) -> Event {
        event.account(&self.account).client(&self.client_id).grant(&self.grant_id)
    }

    /// The event that tokens with this scope were issued.
    pub(super) fn tokens_issued(&self, grant_type: GrantType, scope: &Scope) -> Event {
        self.concerned(Event::tokens_issued(grant_type, &self.client_id, scope))
    }
}

/// The lifetimes of what is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Lifetime of an access token.
    pub access_token: Seconds,
    /// How long a refresh token may stay unused; `None` if no refresh token is issued.
    pub refresh_idle: Option<Seconds>,
    /// How long a grant lives, however often it is refreshed.
    pub grant: Seconds,
}

impl Terms {
    /// When a grant that begins at `issued` ends, however often it is refreshed.
    pub fn ends_at(&self, issued: Timestamp, not_after: Option<Timestamp>) -> Timestamp {
        let ends_at = issued.plus(self.grant);
        not_after.map_or(ends_at, |session| session.min(ends_at))
    }
}
