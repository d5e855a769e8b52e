//! Stores the tokens of an account that the user has connected, for the first time or again.
//!
//! An earlier connection to another account at the provider is revoked. If the earlier one is to the same account and
//! the provider issued no new refresh token, the earlier refresh token is kept, unless it was approved for more than
//! the user approves now.

use serde::{Deserialize, Serialize};

use super::{Connection, ConnectionWants, Live, Parties, Refreshing, SealedTokens, State};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Notice, Step, as_array};
use crate::domain::time::Timestamp;
use crate::protocol::scope::Scope;

/// The connected account. The account here sends this command in the step that lists the connection.
#[derive(Clone, Debug)]
pub struct Connect {
    /// The two accounts.
    pub parties: Parties,
    /// What the provider issued.
    pub tokens: SealedTokens,
    /// The scopes that the user approved.
    pub approved: Scope,
}

as_array!(Connect { parties, tokens, approved });

/// Why a connection is refused. An earlier connection stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ConnectError {
    /// The connection would not work. In messages this has the form of [`Broken`](super::Broken).
    #[error(transparent)]
    Broken(#[from] TooWide),
}

/// Why the tokens are revoked immediately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TooWide {
    /// The provider granted more scopes than the user approved.
    #[error("the provider grants more than you approved, and cannot grant less")]
    Wider,
}

impl Notice for Connect {}

impl Command for Connect {
    const NAME: &'static str = "Connect";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Connection;
    type Reply = ();
    type Error = ConnectError;

    fn decide(self, before: Before<Connection>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { parties, tokens, approved } = self;
        if tokens.exceed(&approved) {
            let refused = Step::unchanged(Err(TooWide::Wider.into()));
            return refused.wants([ConnectionWants::revoke(tokens, &parties)]);
        }
        let live = Live::new(parties, tokens, approved.clone(), now);
        let live = Live { approved: Some(approved), ..live };
        match before.state {
            Some(State::Live(earlier) | State::Refreshing(Refreshing(earlier))) => {
                replace(earlier, live)
            }
            Some(State::Broken(_)) | None => Step::written(State::Live(live), Ok(())),
        }
    }
}

fn replace(earlier: Live, live: Live) -> Step<Connect> {
    if earlier.parties.subject != live.parties.subject {
        return Step::written(State::Live(live), Ok(())).wants([earlier.revoke()]);
    }
    let kept = if live.covers(&earlier) { earlier.refresh_token } else { None };
    let refresh_token = live.refresh_token.clone().or(kept);
    Step::written(State::Live(Live { refresh_token, ..live }), Ok(()))
}
