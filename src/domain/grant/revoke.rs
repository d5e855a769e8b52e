//! Revoke a token (RFC 7009): a refresh token ends the whole grant, an access token ends alone.

use serde::{Deserialize, Serialize};

use super::{Grant, GrantState, Presented, PresentedError};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// The token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revoke(pub Presented);

impl Command for Revoke {
    const NAME: &'static str = "Revoke";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = PresentedError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        match before.state {
            Some(GrantState::Live(live)) => {
                let revoked = Event::tokens_revoked(&live.authorization.client_id);
                let revoked = live.authorization.concerned(revoked);
                let step = live.revoke(self.0, now);
                let event = step.reply.is_ok().then_some(revoked);
                step.records(event)
            }
            _ => Step::unchanged(Err(PresentedError::Unknown)),
        }
    }
}
