//! A connection that no longer works.

use serde::{Deserialize, Serialize};

use super::Parties;
use crate::domain::machine::as_array;
use crate::protocol::scope::Scope;

/// Why a connection no longer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Broken {
    /// The provider refused to refresh: the user removed the access there, or it expired.
    #[error("the provider no longer grants access")]
    Refused,
    /// The provider refused a refresh that repeats one whose response was lost.
    #[error("the provider's response to a refresh was lost, and the provider does not repeat it")]
    Lost,
    /// The access token has expired, and there is no refresh token.
    #[error("the access has expired, and the provider issued no refresh token")]
    Expired,
    /// The provider grants more scopes than the user approved. Its tokens are revoked, not handed out.
    #[error("the provider grants more than you approved, and cannot grant less")]
    Wider,
    /// The tokens were sealed with a secret that this deployment doesn't have. They are kept: the connection works
    /// again once it has the secret.
    #[error("this service can no longer read the access that it stored")]
    Unopenable,
}

/// A connection that no longer works until the user connects again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenConnection {
    pub(super) parties: Parties,
    /// The scopes that the provider granted while it worked.
    pub(super) scope: Scope,
    pub(super) why: Broken,
}

as_array!(BrokenConnection { parties, scope, why });
