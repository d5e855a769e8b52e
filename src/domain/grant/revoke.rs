//! Revokes a token (RFC 7009). A revoked refresh token ends the whole grant; an access token ends alone.

use serde::{Deserialize, Serialize};

use super::inspect::check_client;
use super::live::LiveGrant;
use super::state::tell;
use super::{Grant, GrantState, Presented, PresentedError};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::notice::to_account::AccessTokenRevoked;
use crate::domain::time::Timestamp;

/// If more unexpired access tokens than this are revoked one by one, the grant ends.
const MAX_REVOKED: usize = 50;

/// The token to revoke.
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
                let step = revoke(*live, self.0, now);
                let event = step.reply.is_ok().then_some(revoked);
                step.records(event)
            }
            _ => Step::unchanged(Err(PresentedError::Unknown)),
        }
    }
}

fn revoke(mut live: LiveGrant, presented: Presented, now: Timestamp) -> Step<Revoke> {
    if let Err(error) = check_client(&live, &presented) {
        return Step::unchanged(Err(error));
    }
    match presented {
        Presented::RefreshToken { number, secret, .. } => {
            if live.family.as_ref().is_some_and(|family| family.issued(number, &secret)) {
                GrantState::Live(Box::new(live)).end().reply(Ok(()))
            } else {
                Step::unchanged(Err(PresentedError::WrongSecret))
            }
        }
        Presented::AccessToken { jti, expires_at, .. } => {
            live.revoked.retain(|(_, expires)| now < *expires);
            if live.revoked.len() >= MAX_REVOKED {
                return GrantState::Live(Box::new(live)).end().reply(Ok(()));
            }
            let grant_id = live.authorization.grant_id.clone();
            let notice = AccessTokenRevoked { grant_id, jti: jti.clone(), expires_at };
            let effect = tell(&live.authorization, &notice);
            live.revoked.push((jti, expires_at));
            live.redeemed_code = None;
            Step::written(GrantState::Live(Box::new(live)), Ok(())).wants(effect)
        }
    }
}
