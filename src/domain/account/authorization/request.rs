//! What a client asks for, and what it may have.

use serde::{Deserialize, Serialize};

use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::authentication::Authentication;
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

session_errors! {
    /// Why a client may not have what it asks for.
    AuthorizeError {
        /// The user signed in too long ago.
        #[error("the person must sign in again")]
        ReauthenticationRequired,
        /// Someone else is signed in.
        #[error("another person is signed in")]
        OtherPerson,
        /// The user must be asked.
        #[error("the person must be asked for consent")]
        ConsentRequired {
            /// What was allowed before.
            remembered: Scope,
        },
    }
}
from_session_error!(AuthorizeError);

/// Stands for this server among the resources of a consent.
const ISSUER: &str = "";

impl AuthorizeRequest {
    /// Where the tokens can be used: a token without a resource is for this server.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let own = |token: &str| token == OPENID || token.starts_with(CONNECTION);
        let issuer = self.resources.is_empty() || self.scope.iter().any(own);
        self.resources.iter().map(String::as_str).chain(issuer.then_some(ISSUER))
    }
}
