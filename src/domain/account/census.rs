//! Which grants an account keeps when it reaches [`MAX_GRANTS`].
//!
//! All clients share that limit. The client with the most grants gives one up, so no client can push out
//! another's grants. Among a client's grants, those whose code nobody redeemed go first. Only the grant's
//! own object knows about redemption, so the account asks it now and then
//! ([`GrantCommand::ReportRedemption`]).

use std::collections::BTreeMap;

use super::row;
use super::{MAX_GRANTS, Rows};
use crate::domain::grant::{GrantCommand, ReportRedemption};
use crate::domain::machine::{Address, Effect, EffectOf};
use crate::domain::time::{Seconds, Timestamp};

/// How many grants the account asks at once whether their code was redeemed. Cloudflare allows 50 subrequests
/// per invocation on its free plan, and other effects wait in the same one.
const MAX_ASKED: usize = 20;
/// Longer than any authorization code lives, in seconds. After that, nobody can redeem the code any more.
const CODE_IS_OVER: Seconds = Seconds(15 * 60);

/// What must change so that one more grant fits.
#[derive(Default)]
pub(super) struct Room {
    /// The keys of the grant rows to delete.
    pub gone: Vec<String>,
    /// How many grants are left; `None` if there was room anyway, so the rows weren't loaded.
    pub left: Option<u32>,
    /// Commands that end the deleted grants, and that ask others whether their code was redeemed.
    pub effects: Vec<EffectOf<super::Account>>,
}

/// Makes room for one more grant of `client_id`.
pub(super) fn make_room(rows: &Rows, (account, client_id): (&str, &str), now: Timestamp) -> Room {
    let mut held: Vec<(&str, &row::Grant)> = row::grants(rows).collect();
    if held.is_empty() {
        return Room::default();
    }
    let mut room = Room::default();
    held.retain(|(key, grant)| {
        let lives = now < grant.expires_at;
        if !lives {
            room.give_up(key, grant);
        }
        lives
    });
    held.sort_by_key(|(_, grant)| (grant.redeemed, grant.since));
    while u32::try_from(held.len()).is_ok_and(|held| MAX_GRANTS <= held) {
        let Some(index) = gives_way(&held, client_id) else { break };
        let (key, grant) = held.remove(index);
        room.give_up(key, grant);
    }
    let unknown = held.iter().filter(|(_, grant)| !grant.redeemed).take(MAX_ASKED);
    room.effects.extend(unknown.filter_map(|(_, grant)| {
        let command = GrantCommand::ReportRedemption(ReportRedemption {
            account: account.to_owned(),
            grant_id: grant.grant_id.clone(),
            is_code_over: grant.since.plus(CODE_IS_OVER) <= now,
        });
        Effect::send(Address::Id(grant.grant_id.clone()), &command)
    }));
    room.left = u32::try_from(held.len()).ok();
    room
}

impl Room {
    /// Deletes the grant's row and ends the grant itself, so that its tokens stop working.
    fn give_up(&mut self, key: &str, grant: &row::Grant) {
        let address = Address::Id(grant.grant_id.clone());
        self.effects.extend(Effect::send(address, &GrantCommand::End));
        self.gone.push(key.to_owned());
    }
}

/// The index of the grant that gives way: the first one of the client with the most grants. If several
/// clients have the most and `asking` is one of them, it is a grant of `asking`.
fn gives_way(held: &[(&str, &row::Grant)], asking: &str) -> Option<usize> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for (_, grant) in held {
        let count = counts.entry(grant.client_id.as_str()).or_default();
        *count = count.saturating_add(1);
    }
    let most = counts.values().max()?;
    let holds_most = |client: &str| counts.get(client) == Some(most);
    held.iter().position(|(_, grant)| {
        let client = grant.client_id.as_str();
        holds_most(client) && (client == asking || !holds_most(asking))
    })
}
