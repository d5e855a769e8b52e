//! Performs the effects of machines, after they were stored with the state. Each is performed at
//! least once; what fails is left for the alarm.
//!
//! An effect that can't be read is logged, kept, and tried again a day later; the others are performed.
//! While the state can't be read, effects whose outcome goes back to the machine are kept as well, and the
//! object is never erased.

use std::collections::BTreeSet;

use wasm_bindgen::prelude::*;

use super::host::{
    EFFECT, load, pairs, retry_after_repair, retry_later, run, unreadable, with_machine,
};
use super::keys::Published;
use super::platform::{self, Env, Host};
use super::ports::{Edge, send};
use super::{keys, settings, turns};
use crate::domain::account::Account;
use crate::domain::connection::Connection;
use crate::domain::document::Document;
use crate::domain::grant::Grant;
use crate::domain::identifier::Identifier;
use crate::domain::key_ring::KeyRing;
use crate::domain::machine::{Effect, Machine, Outcome};
use crate::domain::registration::Registration;
use crate::domain::stored;
use crate::domain::throttle::Throttle;
use crate::domain::time::Seconds;
use crate::ports::Unavailable;
use crate::upstream::connection::Connections;

/// Performs every stored effect, and takes each outcome to the machine. Comes back with the number of
/// the task that waits.
#[wasm_bindgen]
pub fn perform(machine: String, host: Host, env: Env) -> Result<u32, JsError> {
    turns::begin(every_effect(machine, host, env))
}

async fn every_effect(machine: String, host: Host, env: Env) -> Result<(), JsError> {
    let is_readable = with_machine!(machine.as_str(), M => load::<M>(&host).is_ok(), false);
    let mut unread = BTreeSet::new();
    loop {
        let mut progressed = false;
        for (key, text) in pairs(&host, EFFECT)? {
            let effect = match stored::read::<Effect>(&text) {
                Ok(effect) if is_readable || !effect.has_outcome() => effect,
                Ok(_) => {
                    unread.insert(key);
                    continue;
                }
                Err(error) => {
                    if unread.insert(key) {
                        unreadable(&host, "effect", Some(error));
                    }
                    continue;
                }
            };
            if is_outdated(&host, &key, &effect)? {
                done(&host, &key);
                continue;
            }
            // Network and storage keep their order: this is written before anything is sent.
            let effect = match effect.begun() {
                Some(begun) => {
                    host.write(&key, &serde_json::to_string(&begun)?);
                    host.commit();
                    begun
                }
                None => effect,
            };
            match one(&env, effect).await {
                Ok(outcome) => {
                    with_machine!(machine.as_str(), M => {
                        if let Some(command) = outcome.and_then(M::outcome) {
                            run::<M>(&host, command)?.ok();
                        }
                    }, ());
                    // Deleted in the same commit that writes what the outcome changed.
                    done(&host, &key);
                    progressed = true;
                }
                Err(error) => platform::log(&format!("an effect will be tried again: {error}")),
            }
        }
        if !progressed {
            break;
        }
    }
    let left = pairs(&host, EFFECT)?;
    if left.iter().any(|(key, _)| !unread.contains(key)) {
        retry_later(&host);
    } else if !left.is_empty() {
        retry_after_repair(&host);
    }
    let is_empty =
        with_machine!(machine.as_str(), M => matches!(load::<M>(&host), Ok(None)), false);
    if is_empty && left.is_empty() {
        platform::erase(&host).await.map_err(|error| JsError::new(&error.0))?;
    }
    Ok(())
}

fn done(host: &Host, key: &str) {
    host.remove(key);
    host.commit();
}

/// Whether a later effect is waiting that replaces what this one writes, so that this one must be skipped.
fn is_outdated(host: &Host, key: &str, effect: &Effect) -> Result<bool, JsError> {
    let replaces =
        |text: &str| stored::read::<Effect>(text).is_ok_and(|later| later.replaces(effect));
    let publishes = effect.replaces(effect);
    Ok(publishes
        && pairs(host, EFFECT)?.iter().any(|(other, text)| **other > *key && replaces(text)))
}

async fn one(env: &Env, effect: Effect) -> Result<Option<Outcome>, Unavailable> {
    match effect {
        Effect::Send { class, to, command } => {
            let command = serde_json::to_string(&command).map_err(Unavailable::new)?;
            send(env, class, &to, &command, Seconds(0)).await?;
            Ok(None)
        }
        Effect::GenerateKey(alg) => {
            let settings = settings(env).map_err(Unavailable)?;
            let pair = keys::generate(&settings.sealer, alg).await?;
            Ok(Some(Outcome::KeyGenerated(pair)))
        }
        Effect::PublishKeys(keys) => Published::Keys.write(env, &keys).await.map(|()| None),
        Effect::PublishHintKeys(keys) => Published::HintKeys.write(env, &keys).await.map(|()| None),
        Effect::PublishClient(client) => {
            edge(env)?.ports().clients.put(&client).await.map(|()| None)
        }
        Effect::RemoveClient(client_id) => {
            edge(env)?.ports().clients.remove(&client_id).await.map(|()| None)
        }
        Effect::Fetch(request) => {
            Ok(Some(Outcome::Fetched(edge(env)?.ports().http.send(request).await)))
        }
        effect @ (Effect::RefreshConnection { .. } | Effect::RevokeConnection { .. }) => {
            let edge = edge(env)?;
            let (providers, sealer) = (&edge.settings.providers, &edge.settings.sealer);
            Connections { ports: edge.ports(), providers, sealer }.perform(effect).await
        }
    }
}

/// The ports and settings with which one effect is performed.
fn edge(env: &Env) -> Result<Edge, Unavailable> {
    Ok(Edge::new(env.clone(), settings(env).map_err(Unavailable)?))
}
