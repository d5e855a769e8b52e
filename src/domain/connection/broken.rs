//! A connection that does not work any more.

use serde::{Deserialize, Serialize};

use super::Parties;
use crate::domain::machine::as_array;
use crate::protocol::scope::Scope;

/// Why a connection does not work any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Broken {
    /// The provider refused to refresh: the person took the access back there, or it lapsed.
    #[error("the provider gives no access any more")]
    Refused,
    /// The provider refused after a refresh whose answer was lost on its way.
    #[error("the answer of the provider to a refresh was lost, and it does not repeat it")]
    Lost,
    /// The token has expired and there is none to refresh it with.
    #[error("the access has expired, and the provider gave nothing to renew it with")]
    Expired,
    /// The provider grants more scopes than the user approved. Its tokens are revoked, not handed out.
    #[error("the provider grants more than you approved, and cannot grant less")]
    Wider,
    /// The tokens were sealed with a secret that this deployment doesn't have. They are kept: the connection works
    /// again once it has the secret.
    #[error("this service can no longer read the access that it stored")]
    Unopenable,
}

/// A connection that does not work any more, until the user connects again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenConnection {
    pub(super) parties: Parties,
    /// The scopes that the provider granted while it worked.
    pub(super) scope: Scope,
    pub(super) why: Broken,
}

as_array!(BrokenConnection { parties, scope, why });
