//! Which grants an account keeps when it reaches [`MAX_GRANTS`].
//!
//! All clients share that limit. The client with the most grants loses one, so no client can displace
//! another's grants. Among a client's grants, those whose code nobody redeemed go first. Only the grant's
//! own object knows about redemption, so the account asks it when little room is left
//! ([`Report`](crate::domain::notice::to_grant::Report)).

use std::collections::BTreeMap;

use super::counts::MAX_GRANTS;
use super::request::RequestedAccess;
use crate::domain::account::access::{self, HeldGrant, MAX_TOLD};
use crate::domain::account::person::Account;
use crate::domain::account::rows::{Row, Rows};
use crate::domain::machine::{Change, EffectOf};
use crate::domain::time::Timestamp;

/// What must change so that one more grant fits.
#[derive(Default)]
pub struct Room {
    /// The rows that change.
    pub rows: Vec<(String, Option<Row>)>,
    /// How many grants are left; `None` if there was room anyway, so the rows weren't loaded.
    pub left: Option<u32>,
    /// Commands that end the deleted grants, and that ask others whether their code was redeemed.
    pub effects: Vec<EffectOf<Account>>,
}

/// Makes room for the requested grant. The account may have it already, because the approval of a device can be
/// repeated: then the new row replaces the old one. That grant is neither removed nor asked, since its object may not
/// know yet that it was approved.
pub fn make_room(rows: &Rows, account: &str, requested: &RequestedAccess, now: Timestamp) -> Room {
    let is_other = |held: &HeldGrant<'_>| held.grant.grant_id != requested.grant_id;
    let mut held: Vec<HeldGrant<'_>> = access::all(rows).filter(is_other).collect();
    if held.is_empty() {
        return Room::default();
    }
    let give_up = |change: Change<Account>, held: HeldGrant<'_>| {
        held.replace(change, None).wants(held.end(now))
    };
    let (lasting, over): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|held| now < held.grant.expires_at);
    held = lasting;
    let kept = over.len().saturating_sub(MAX_TOLD);
    // The alarm of the account ends the rest.
    let mut change = over.into_iter().take(MAX_TOLD).fold(Change::none(), give_up);
    held.sort_by_key(|held| (held.grant.redeemed, held.grant.since));
    while u32::try_from(held.len()).is_ok_and(|held| MAX_GRANTS <= held) {
        let Some(index) = gives_way(&held, &requested.client_id) else { break };
        change = give_up(change, held.remove(index));
    }
    let unknown = held.iter().filter(|held| !held.grant.redeemed);
    let asked = unknown.take(MAX_TOLD).filter_map(|held| held.ask(account, now));
    let Change { rows, effects, .. } = change.wants(asked);
    Room { rows, left: u32::try_from(held.len().saturating_add(kept)).ok(), effects }
}

/// The index of the grant to drop: the first one of the client with the most grants. If several
/// clients have the most and `asking` is one of them, it is a grant of `asking`.
fn gives_way(held: &[HeldGrant<'_>], asking: &str) -> Option<usize> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for held in held {
        let count = counts.entry(&held.grant.client_id).or_default();
        *count = count.saturating_add(1);
    }
    let most = counts.values().max()?;
    let holds_most = |client: &str| counts.get(client) == Some(most);
    held.iter().position(|held| {
        let client = held.grant.client_id.as_str();
        holds_most(client) && (client == asking || !holds_most(asking))
    })
}
