//! A connection whose fresh token is on its way.

use serde::{Deserialize, Serialize};

use super::{Broken, Connection, Live, RefreshFailure, SealedTokens, State};
use crate::domain::machine::Change;
use crate::domain::time::{Seconds, Timestamp};

/// How long to leave a provider alone that did not answer.
const BACK_OFF: Seconds = Seconds(5);

/// The connection as it was when the refresh began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshing(pub(super) Live);

impl Refreshing {
    /// The provider issued new tokens. They are revoked if they are for more than the user approved.
    pub(super) fn succeed(self, tokens: SealedTokens, now: Timestamp) -> Change<Connection> {
        let Self(live) = self;
        // A provider that gives no new refresh token means the old one to go on.
        let refresh_token = tokens.refresh_token.clone().or_else(|| live.refresh_token.clone());
        if live.approved.as_ref().is_some_and(|approved| tokens.exceed(approved)) {
            let revoked = SealedTokens { refresh_token, ..tokens }.revoke(&live.parties);
            return Change::written(State::Broken(live.end(Broken::Wider))).wants([revoked]);
        }
        let approved = live.approved;
        let live = Live::new(live.parties, tokens, live.scope, now);
        Change::written(State::Live(Live { refresh_token, approved, ..live }))
    }

    /// The refresh, which was sent so often, brought nothing.
    pub(super) fn fail(self, failure: RefreshFailure, sent: u32, now: Timestamp) -> State {
        let Self(live) = self;
        let unanswered = match failure {
            RefreshFailure::Refused => {
                let why = if sent > 1 { Broken::Lost } else { Broken::Refused };
                return State::Broken(live.end(why));
            }
            RefreshFailure::Unanswered => sent,
            RefreshFailure::NotSent | RefreshFailure::Unopenable => sent.saturating_sub(1),
        };
        let unopenable = failure == RefreshFailure::Unopenable;
        let not_before = Some(now.plus(BACK_OFF));
        State::Live(Live { unanswered, not_before, unopenable, ..live })
    }
}
