//! A connection whose access token is being refreshed.

use serde::{Deserialize, Serialize};

use super::{ConnectionWants, Live};
use crate::domain::machine::Effect;

/// The connection as it was when the refresh began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshing(pub(super) Live);

impl Refreshing {
    /// Refreshes the access token.
    pub(super) fn begin(live: Live, refresh_token: String) -> (Self, Effect<ConnectionWants>) {
        let refresh = Effect::Own(ConnectionWants::RefreshConnection {
            account: live.parties.account.clone(),
            provider: live.parties.provider.clone(),
            refresh_token,
            sent: live.unanswered,
        });
        (Self(live), refresh)
    }
}
