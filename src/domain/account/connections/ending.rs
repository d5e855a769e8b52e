//! Ends connections.

use super::connected::{Connected, Disconnected};
use crate::domain::account::person::Account;
use crate::domain::account::rows::{self, RowKind, Rows};
use crate::domain::connection::{self, ConnectionId, Disconnect};
use crate::domain::machine::{Change, Effect, EffectOf};

/// Disconnects the connections for which `ends` holds, and deletes the records of those that were disconnected before.
pub fn end(
    change: Change<Account>,
    account: &str,
    rows: &Rows,
    ends: impl Fn(&ConnectionId) -> bool,
) -> Change<Account> {
    let key = |id: &str| format!("{}{id}", Connected::PREFIX);
    let connected = rows::named::<Connected>(rows).map(|(id, _)| (id, true));
    let disconnected = rows::named::<Disconnected>(rows).map(|(id, _)| (id, false));
    connected.chain(disconnected).fold(change, |change, (name, is_connected)| {
        let id = ConnectionId::parse(name);
        if !ends(&id) {
            return change;
        }
        let told = is_connected.then(|| disconnection(account, &id)).flatten();
        change.delete(key(name)).wants(told)
    })
}

/// The effect that makes the connection revoke its tokens at the provider and delete them.
pub fn disconnection(account: &str, id: &ConnectionId) -> Option<EffectOf<Account>> {
    Effect::send(connection::address(account, id), &Disconnect)
}
