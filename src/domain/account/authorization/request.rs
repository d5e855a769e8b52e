//! The access that a client requests, and the reply.

use serde::{Deserialize, Serialize};

use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::authentication::Authentication;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::scope::{CONNECTION, OPENID, Scope};

/// The access that a client requests on behalf of the signed-in user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename = "AuthorizeRequest")]
pub struct RequestedAccess {
    /// The client.
    pub client_id: String,
    /// The requested scopes.
    pub scope: Scope,
    /// The requested resources (RFC 8707).
    pub resources: Vec<String>,
    /// The request's `claims`.
    pub claims: ClaimsRequest,
    /// The ID of the grant's object, which the caller creates after this command.
    pub grant_id: String,
    /// Whether the grant outlives the session.
    pub offline: bool,
    /// When the grant ends at the latest.
    pub expires_at: Timestamp,
    /// When its code expires. From then on the account asks the grant whether it has ended. `None` from a worker of the
    /// previous release.
    #[serde(default)]
    pub over_at: Option<Timestamp>,
    /// How long an access token lives.
    pub tokens: Seconds,
    /// The user must have authenticated at or after this moment.
    pub signed_in_since: Option<Timestamp>,
    /// The `sub` of the user who must be signed in, if the client names one.
    pub sub: Option<String>,
    /// Whether the user was asked for consent.
    pub consent: ConsentGiven,
    /// The requested scopes that the user has just declined.
    #[serde(default)]
    pub declined: Scope,
}

/// Whether the user was, or must be, asked for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsentGiven {
    /// The client is the operator's own, so the user isn't asked.
    FirstParty,
    /// The user is not asked if an earlier consent covers the request.
    Before,
    /// The user has just allowed it.
    JustNow,
    /// The user must be asked even if an earlier consent covers the request (`prompt=consent`).
    MustAsk,
}

/// What the user allowed, and how they were authenticated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Authorized {
    /// The account.
    pub account: String,
    /// How and when the user authenticated.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The session's `sid`.
    pub sid: String,
    /// The requested scopes that the user allowed.
    pub scope: Scope,
    /// When the grant ends at the latest, if it ends with the session.
    pub not_after: Option<Timestamp>,
}

session_errors! {
    /// Why a client doesn't get the access that it requests.
    AuthorizeError {
        /// The user signed in too long ago.
        #[error("the user must sign in again")]
        ReauthenticationRequired,
        /// Another user is signed in.
        #[error("another user is signed in")]
        OtherPerson,
        /// The user must be asked for consent.
        #[error("the user must be asked for consent")]
        ConsentRequired {
            /// The scopes that were allowed before.
            remembered: Scope,
        },
    }
}
from_session_error!(AuthorizeError);

/// Represents this server among the resources of a consent.
const ISSUER: &str = "";

impl RequestedAccess {
    /// The resources at which the tokens can be used. A token without a resource is for this server.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let own = |token: &str| token == OPENID || token.starts_with(CONNECTION);
        let issuer = self.resources.is_empty() || self.scope.iter().any(own);
        self.resources.iter().map(String::as_str).chain(issuer.then_some(ISSUER))
    }
}
