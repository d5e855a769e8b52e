//! Which outside accounts are connected, and which connection an app may use (mode 5).

use super::grants;
use super::row::{self, CONNECTION, GRANT, Row, SESSION};
use super::session::{self, SessionProof};
use super::{AccountCommand, AccountError, AccountReply, Person, Rows, Transition};
use crate::domain::connection::{self, ConnectionId, Disconnect};
use crate::domain::machine::{Effect, EffectOf, RowKeys, Step};
use crate::domain::time::Timestamp;
use crate::protocol::scope;

/// How many connections an account may have. One more is refused; no existing one is dropped for it.
pub const MAX_CONNECTIONS: usize = 50;
/// How many disconnected apps are remembered; see [`Row::Disconnected`].
const MAX_DISCONNECTED: usize = 50;

/// The rows that [`Person::disconnect`] reads.
pub(super) fn rows_to_disconnect(proof: &SessionProof, id: &ConnectionId) -> Vec<RowKeys> {
    let mut keys = vec![RowKeys::One(row::session_key(proof.number)), RowKeys::All(CONNECTION)];
    if let Some(client_id) = id.client_id() {
        keys.push(RowKeys::One(row::consent_key(client_id)));
        keys.extend([SESSION, GRANT].map(RowKeys::All));
    }
    keys
}

/// The rows that [`grant_of`] and [`usable`] read.
pub(super) fn rows_of_grant(grant_id: &str, client_id: &str, providers: &[String]) -> Vec<RowKeys> {
    let mut keys = grants::rows_of(grant_id).to_vec();
    for provider in providers {
        let ids = [Some(client_id), None].map(|client_id| ConnectionId::new(provider, client_id));
        keys.extend(ids.iter().flatten().map(|id| RowKeys::One(row::connection_key(id))));
    }
    keys
}

/// The grant of an access token (grant ID, `jti`, client ID), while both are valid.
///
/// # Errors
/// [`AccountError::NoGrant`], also if the grant belongs to another client.
pub(super) fn grant_of<'r>(
    rows: &'r Rows,
    (grant_id, jti, client_id): (&str, &str, &str),
    now: Timestamp,
) -> Result<&'r row::Grant, AccountError> {
    match grants::find(rows, grant_id).map(|held| held.grant) {
        Some(grant)
            if now < grant.expires_at
                && !grant.has_revoked(jti)
                && grant.client_id == client_id =>
        {
            Ok(grant)
        }
        _ => Err(AccountError::NoGrant),
    }
}

/// For each provider, the one connection that the client may use: its own, or else the account-wide one.
///
/// A client with a connection of its own never gets the account-wide one, even if its own is broken or
/// was disconnected: the account-wide one may have scopes that the user didn't approve for it.
pub(super) fn usable(rows: &Rows, client_id: &str, providers: &[String]) -> Vec<ConnectionId> {
    let mut usable = Vec::new();
    for provider in providers {
        let find = |client_id| {
            let id = ConnectionId::new(provider, client_id)?;
            Some((rows.get(&row::connection_key(&id))?, id))
        };
        if let Some((Row::Connection(_), id)) = find(Some(client_id)).or_else(|| find(None)) {
            usable.push(id);
        }
    }
    usable
}

/// Lists a connection before its tokens are stored, so that whatever is stored can be disconnected.
pub(super) fn connect(
    proof: &SessionProof,
    id: &ConnectionId,
    rows: &Rows,
    now: Timestamp,
) -> Transition {
    session::find(rows, proof, now)?;
    let key = row::connection_key(id);
    let is_new = !matches!(rows.get(&key), Some(Row::Connection(_)));
    if is_new && row::connections(rows).count() >= MAX_CONNECTIONS {
        return Err(AccountError::TooManyConnections);
    }
    Ok(Step::unchanged(Ok(AccountReply::Done)).put(key, Row::Connection(now)))
}

impl Person {
    /// Disconnects, and records that the app had a connection of its own. Once [`MAX_DISCONNECTED`] such
    /// records exist, the app loses the scope `connection:{provider}` instead. Either way it doesn't get
    /// the account-wide connection in place of its own.
    pub(super) fn disconnect(
        self,
        proof: &SessionProof,
        id: &ConnectionId,
        rows: &Rows,
        now: Timestamp,
    ) -> Transition {
        session::find(rows, proof, now)?;
        let key = row::connection_key(id);
        if !matches!(rows.get(&key), Some(Row::Connection(_))) {
            return Ok(Step::unchanged(Ok(AccountReply::Done)));
        }
        let Some(client_id) = id.client_id() else {
            let step = Step::unchanged(Ok(AccountReply::Done));
            return Ok(step.delete(key).wants(told(&self.account, id)));
        };
        let remembered = rows.values().filter(|row| matches!(row, Row::Disconnected(_))).count();
        if remembered >= MAX_DISCONNECTED {
            let scope = format!("{}{}", scope::CONNECTION, id.provider());
            return Ok(self.revoke_scope((client_id, &scope), rows, now));
        }
        let step = Step::unchanged(Ok(AccountReply::Done)).put(key, Row::Disconnected(now));
        Ok(step.wants(told(&self.account, id)))
    }
}

/// Disconnects the connections for which `ends` holds, and deletes the records of those that were
/// disconnected before.
pub(super) fn end(
    step: Step<AccountCommand>,
    (account, rows): (&str, &Rows),
    ends: impl Fn(&ConnectionId) -> bool,
) -> Step<AccountCommand> {
    rows.iter().fold(step, |step, (key, row)| {
        let id = key.strip_prefix(CONNECTION).map(ConnectionId::parse);
        match (id.filter(&ends), row) {
            (Some(id), Row::Connection(_)) => step.delete(key.clone()).wants(told(account, &id)),
            (Some(_), Row::Disconnected(_)) => step.delete(key.clone()),
            _ => step,
        }
    })
}

/// The effect that makes the connection revoke its tokens at the provider and delete them.
fn told(account: &str, id: &ConnectionId) -> Option<EffectOf<super::Account>> {
    let address = connection::address(account, id);
    Effect::send(address, &Disconnect)
}
