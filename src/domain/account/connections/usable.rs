//! Reads which connections the client of a grant may use.

use serde::{Deserialize, Serialize};

use super::connected::{self, Connected};
use crate::domain::account::access::{self, GrantError};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::{InRow, Rows};
use crate::domain::connection::ConnectionId;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::time::Timestamp;
use crate::protocol::scope::Scope;

/// Asks which connections the holder of an access token may use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connections {
    /// The grant.
    pub grant_id: String,
    /// The ID of the access token (`jti`, RFC 9068 §2.2).
    pub jti: String,
    /// The client that the access token was issued to.
    pub client_id: String,
    /// The providers, by their `id` in the settings.
    pub providers: Vec<String>,
}

/// The connections that the client may use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UsableConnections {
    /// The grant's scopes.
    pub scope: Scope,
    /// At most one connection per provider.
    pub connections: Vec<ConnectionId>,
}

impl Command for Connections {
    const NAME: &'static str = "Connections";
    const REPLY: Option<&'static str> = Some("Connections");
    type Machine = Account;
    type Reply = UsableConnections;
    type Error = GrantError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        let mut keys = access::rows_of(&self.grant_id).to_vec();
        for provider in &self.providers {
            let ids = [Some(self.client_id.as_str()), None];
            let ids = ids.map(|client_id| ConnectionId::new(provider, client_id));
            keys.extend(ids.iter().flatten().map(|id| RowKeys::One(connected::key_of(id))));
        }
        keys
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { grant_id, jti, client_id, providers } = self;
        existing(before, |_, rows| {
            let grant = access::find_usable(rows, &grant_id, &jti, now)?;
            if grant.client_id != client_id {
                return Err(GrantError::NoGrant);
            }
            let connections = usable(rows, &client_id, &providers);
            Ok(Step::unchanged(Ok(UsableConnections { scope: grant.scope.clone(), connections })))
        })
    }
}

/// For each provider, the one connection that the client may use: its own, or else the account-wide one.
///
/// A client with a connection of its own never gets the account-wide one, even if its own is broken or
/// was disconnected: the account-wide one may have scopes that the user didn't approve for it.
fn usable(rows: &Rows, client_id: &str, providers: &[String]) -> Vec<ConnectionId> {
    let mut usable = Vec::new();
    for provider in providers {
        let find = |client_id| {
            let id = ConnectionId::new(provider, client_id)?;
            Some((rows.get(&connected::key_of(&id))?, id))
        };
        if let Some((row, id)) = find(Some(client_id)).or_else(|| find(None))
            && Connected::of(row).is_some()
        {
            usable.push(id);
        }
    }
    usable
}
