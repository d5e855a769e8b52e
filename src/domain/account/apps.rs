//! The apps that the person has registered. The account's list and an app's registration change in one step here: the
//! registration by an effect, which is performed until it is done.

use super::row::{self, Row};
use super::session::{self, SessionProof};
use super::{AccountError, AccountReply, MAX_APPS, Rows, Transition};
use crate::domain::client::Client;
use crate::domain::machine::{Address, Effect, Step};
use crate::domain::registration::{Delete, Write};
use crate::domain::time::{Seconds, Timestamp};

/// How long the effect that writes a registration may take.
const WRITING: Seconds = Seconds(60 * 60);

/// Lists an app.
pub(super) fn add(
    proof: &SessionProof,
    client_id: &str,
    rows: &Rows,
    now: Timestamp,
) -> Transition {
    session::find(rows, proof, now)?;
    if row::apps(rows).count() >= MAX_APPS {
        return Err(AccountError::TooManyApps);
    }
    let step = Step::unchanged(Ok(AccountReply::Done));
    Ok(step.put(row::app_key(client_id), Row::App(now)))
}

/// Lists an app and writes its registration.
pub(super) fn register(
    proof: &SessionProof,
    client: Box<Client>,
    rows: &Rows,
    now: Timestamp,
) -> Transition {
    let step = add(proof, &client.client_id, rows, now)?;
    let address = Address::Name(client.client_id.clone());
    Ok(step.wants(Effect::send(address, &Write(client))))
}

/// Takes an app off the list and deletes its registration.
pub(super) fn delete(
    proof: &SessionProof,
    client_id: &str,
    rows: &Rows,
    now: Timestamp,
) -> Transition {
    session::find(rows, proof, now)?;
    let key = row::app_key(client_id);
    let step = Step::unchanged(Ok(AccountReply::Done));
    // An app that is not in the list may be someone else's.
    if !rows.contains_key(&key) {
        return Ok(step);
    }
    Ok(step.delete(key).wants(Effect::send(Address::Name(client_id.to_owned()), &Delete)))
}

/// Takes an app off the list whose registration doesn't exist and is not being written either. Earlier releases could
/// leave one.
pub(super) fn forget(
    proof: &SessionProof,
    client_id: &str,
    rows: &Rows,
    now: Timestamp,
) -> Transition {
    match rows.get(&row::app_key(client_id)) {
        Some(Row::App(since)) if since.plus(WRITING) <= now => delete(proof, client_id, rows, now),
        _ => {
            session::find(rows, proof, now)?;
            Ok(Step::unchanged(Ok(AccountReply::Done)))
        }
    }
}
