//! Takes the outcome of a refresh.

use super::{
    Broken, Connection, ConnectionWants, Live, RefreshFailure, Refreshed, Refreshing, SealedTokens,
    State,
};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Change, Command, NoError, Step};
use crate::domain::time::{Seconds, Timestamp};

/// How long to wait before asking a provider again that didn't respond.
const BACK_OFF: Seconds = Seconds(5);

impl Command for Refreshed {
    const NAME: &'static str = "Refreshed";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Connection;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Connection>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let change = match (before.state, self.tokens) {
            (Some(State::Refreshing(refreshing)), Ok(tokens)) => succeed(refreshing, tokens, now),
            (Some(State::Refreshing(refreshing)), Err(failure)) => {
                Change::written(fail(refreshing, failure, self.sent, now))
            }
            (Some(State::Live(_) | State::Broken(_)) | None, _) => Change::none(),
        };
        change.reply(Ok(()))
    }
}

/// The provider issued new tokens. They are revoked if they are for more than the user approved.
fn succeed(
    Refreshing(live): Refreshing,
    tokens: SealedTokens,
    now: Timestamp,
) -> Change<Connection> {
    // Without a new refresh token, the old one stays valid (RFC 6749 §6).
    let refresh_token = tokens.refresh_token.clone().or_else(|| live.refresh_token.clone());
    if live.approved.as_ref().is_some_and(|approved| tokens.exceed(approved)) {
        let tokens = SealedTokens { refresh_token, ..tokens };
        let revoked = ConnectionWants::revoke(tokens, &live.parties);
        return Change::written(State::Broken(live.end(Broken::Wider))).wants([revoked]);
    }
    let approved = live.approved;
    let live = Live::new(live.parties, tokens, live.scope, now);
    Change::written(State::Live(Live { refresh_token, approved, ..live }))
}

/// The refresh failed. `sent` is how often it was sent.
fn fail(Refreshing(live): Refreshing, failure: RefreshFailure, sent: u32, now: Timestamp) -> State {
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
