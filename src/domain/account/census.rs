//! Which grants an account keeps, when there are more than it lists.
//!
//! The bound is shared by all clients, so each has a share: the client that holds the most gives one up,
//! and no client can push out another's. Within a client a code that nobody redeemed counts least. Only
//! its own object knows that, so the account asks now and then ([`GrantCommand::ReportRedemption`]).

use std::collections::BTreeMap;

use super::row;
use super::{MAX_GRANTS, Rows};
use crate::domain::grant::{self, GrantCommand, ReportRedemption};
use crate::domain::machine::{Address, Effect};
use crate::domain::time::{Seconds, Timestamp};

/// How many grants are asked at once.
const MAX_ASKED: usize = 50;
/// Longer than any code lives, in seconds: after it, a code that nobody redeemed never will be.
const CODE_IS_OVER: Seconds = Seconds(15 * 60);

/// Room for one more grant.
#[derive(Default)]
pub(super) struct Room {
    /// The keys of the rows that go.
    pub gone: Vec<String>,
    /// How many grants are left; `None` if the rows were not loaded, because there is room.
    pub left: Option<u32>,
    /// Ends the grants that go, and asks others whether they were redeemed.
    pub effects: Vec<Effect>,
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
        Effect::send::<grant::Grant>(Address::Id(grant.grant_id.clone()), &command)
    }));
    room.left = u32::try_from(held.len()).ok();
    room
}

impl Room {
    /// A grant that gives way is ended, not only forgotten.
    fn give_up(&mut self, key: &str, grant: &row::Grant) {
        let address = Address::Id(grant.grant_id.clone());
        self.effects.extend(Effect::send::<grant::Grant>(address, &GrantCommand::End));
        self.gone.push(key.to_owned());
    }
}

/// Which grant gives way: the first of the client that holds the most; of several such clients, of the
/// one that asks for another.
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
