//! The pattern of everything that is remembered: a machine takes a command and answers.
//!
//! `step(state, command, now, entropy)` decides everything and touches nothing. A host (a Durable
//! Object in `edge/`, a map in the tests) loads the state, steps, writes what changed in one
//! commit, answers, sets the alarm, and performs the effects. Effects are written with the state
//! before they are performed, so that none is lost; a machine must take their outcome more than
//! once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::client::Client;
use super::connection::{RefreshFailure, SealedTokens};
use super::entropy::Entropy;
use super::http::{HttpError, HttpRequest, HttpResponse};
use super::time::Timestamp;
use crate::protocol::client_metadata::SigningAlgorithm;

/// A thing that is remembered.
pub trait Machine: Sized {
    /// The class of its objects.
    const CLASS: Class;
    /// The version of what is stored; a state of an earlier one goes through [`Machine::migrate`].
    const VERSION: u32 = 1;

    /// What is always loaded: small and bounded.
    type State: Serialize + DeserializeOwned;
    /// What can grow: kept apart, and loaded only where a command names it.
    type Row: Serialize + DeserializeOwned;
    /// What can be asked.
    type Command: Serialize + DeserializeOwned;
    /// What is answered.
    type Reply: Serialize + DeserializeOwned;
    /// What can go wrong.
    type Error: Serialize + DeserializeOwned + std::error::Error;

    /// The rows that a command needs to see. `now` is the same as in the step.
    fn rows(
        _state: Option<&Self::State>,
        _command: &Self::Command,
        _now: Timestamp,
    ) -> Vec<RowKeys> {
        Vec::new()
    }

    /// Decides.
    fn step(
        before: Before<Self>,
        command: Self::Command,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Step<Self>;

    /// When the machine wants to be woken with [`Machine::wake`].
    fn wakes_at(_state: &Self::State) -> Option<Timestamp> {
        None
    }

    /// The command that the alarm sends, for a machine that wakes.
    fn wake() -> Option<Self::Command> {
        None
    }

    /// The command that brings an effect's outcome back.
    fn outcome(_outcome: Outcome) -> Option<Self::Command> {
        None
    }

    /// Whether the reply may be held until the state changes, for a caller who would rather wait.
    fn awaits_change(_reply: &Result<Self::Reply, Self::Error>) -> bool {
        false
    }

    /// Lifts a state that an earlier version stored.
    fn migrate(_version: u32, state: serde_json::Value) -> Option<Self::State> {
        serde_json::from_value(state).ok()
    }
}

/// A machine to which other machines send commands by effects. Effects are stored until they are performed, so the type
/// of these commands can't contain a typed password.
pub trait Notified: Machine {
    /// The commands that may be stored: [`Machine::Command`], or a subset of it with the same JSON.
    type Notice: Serialize;
}

/// The classes of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// One authorization: from its code or device code to its whole refresh family.
    Grant,
    /// One person.
    Account,
    /// One e-mail address.
    Identifier,
    /// The signing keys.
    KeyRing,
    /// One client that was registered at run time.
    Registration,
    /// One counter that limits guessing.
    Throttle,
    /// One document that another server publishes.
    Document,
    /// One outside account that a person has connected.
    Connection,
}

/// Which object: by the identifier it was given at birth, or by a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// 64 hexadecimal digits.
    Id(String),
    /// Any name; the object with that name is always the same one.
    Name(String),
}

/// Rows that a command needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKeys {
    /// The row with this key.
    One(String),
    /// Every row whose key begins so; the machine bounds how many there are.
    All(&'static str),
}

/// What a machine finds: its state and the rows that the command named.
pub struct Before<M: Machine> {
    /// The state; none where nothing was ever written.
    pub state: Option<M::State>,
    /// The rows, by key.
    pub rows: BTreeMap<String, M::Row>,
}

/// What becomes of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<S> {
    /// It stays as it was found.
    Unchanged,
    /// It changes in memory; losing the change with the memory does no harm.
    Remembered(S),
    /// It changes in memory, and when it wakes is written: the alarm comes though the memory was lost.
    Awaited(S),
    /// It changes, and is written before anyone is answered.
    Written(S),
    /// The object forgets everything.
    Forgotten,
}

/// What a step decided.
pub struct Step<M: Machine> {
    /// The state after it.
    pub next: Next<M::State>,
    /// Rows to write, or to delete where there is none.
    pub rows: Vec<(String, Option<M::Row>)>,
    /// What is wanted from outside.
    pub effects: Vec<Effect>,
    /// The answer.
    pub reply: Result<M::Reply, M::Error>,
}

impl<M: Machine> Step<M> {
    /// Answers and changes nothing.
    pub fn unchanged(reply: Result<M::Reply, M::Error>) -> Self {
        Self::to(Next::Unchanged, reply)
    }

    /// Writes the state and answers.
    pub fn written(state: M::State, reply: Result<M::Reply, M::Error>) -> Self {
        Self::to(Next::Written(state), reply)
    }

    /// Goes to a state and answers.
    pub fn to(next: Next<M::State>, reply: Result<M::Reply, M::Error>) -> Self {
        Self { next, rows: Vec::new(), effects: Vec::new(), reply }
    }

    /// Also writes a row.
    #[must_use]
    pub fn put(mut self, key: String, row: M::Row) -> Self {
        self.rows.push((key, Some(row)));
        self
    }

    /// Also deletes a row.
    #[must_use]
    pub fn delete(mut self, key: String) -> Self {
        self.rows.push((key, None));
        self
    }

    /// Also wants effects.
    #[must_use]
    pub fn wants(mut self, effects: impl IntoIterator<Item = Effect>) -> Self {
        self.effects.extend(effects);
        self
    }
}

/// What a machine wants from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Send a command to another machine; its answer is not needed, only that it came.
    Send {
        /// The other machine's class.
        class: Class,
        /// The other machine's object.
        to: Address,
        /// The command, as JSON.
        command: serde_json::Value,
    },
    /// Make a key pair; the private half comes back sealed.
    GenerateKey(SigningAlgorithm),
    /// Write the key ring where every isolate reads it.
    PublishKeys(super::key_ring::KeySet),
    /// Write the public keys that verify an `id_token_hint` where every isolate reads them.
    PublishHintKeys(super::key_ring::HintKeys),
    /// Write the client to the registry in KV, where every isolate reads it.
    PublishClient(Box<Client>),
    /// Remove the client with this ID from the registry in KV.
    RemoveClient(String),
    /// Ask another server.
    Fetch(HttpRequest),
    /// Refresh the tokens of an outside account. It is written down how often this was sent, before
    /// it is sent.
    RefreshConnection {
        /// The account here, under whose key the token is sealed.
        account: String,
        /// The provider.
        provider: String,
        /// The refresh token, sealed.
        refresh_token: String,
        /// How often it was sent.
        sent: u32,
    },
    /// Give the access to an outside account back.
    RevokeConnection {
        /// The account here, under whose key the tokens are sealed.
        account: String,
        /// The provider.
        provider: String,
        /// The access token, sealed.
        access_token: String,
        /// The refresh token, sealed.
        refresh_token: Option<String>,
    },
}

impl Effect {
    /// What must be written before this is performed, so that a crash in between is seen afterwards.
    pub fn begun(&self) -> Option<Self> {
        let mut begun = self.clone();
        match &mut begun {
            Self::RefreshConnection { sent, .. } => *sent = sent.saturating_add(1),
            _ => return None,
        }
        Some(begun)
    }

    /// Whether the machine gets the effect's outcome as a command.
    pub fn has_outcome(&self) -> bool {
        matches!(self, Self::GenerateKey(_) | Self::Fetch(_) | Self::RefreshConnection { .. })
    }

    /// Whether this writes the same thing as an `earlier` effect of the same object. Then the earlier one
    /// can be skipped, and must not be performed after this one.
    pub fn replaces(&self, earlier: &Self) -> bool {
        let client = |effect: &Self| match effect {
            Self::PublishClient(client) => Some(client.client_id.clone()),
            Self::RemoveClient(client_id) => Some(client_id.clone()),
            _ => None,
        };
        match (self, earlier) {
            (Self::PublishKeys(_), Self::PublishKeys(_))
            | (Self::PublishHintKeys(_), Self::PublishHintKeys(_)) => true,
            _ => client(self).is_some_and(|written| Some(written) == client(earlier)),
        }
    }

    /// A command for another machine.
    pub fn send<M: Notified>(to: Address, notice: &M::Notice) -> Option<Self> {
        let command = serde_json::to_value(notice).ok()?;
        Some(Self::Send { class: M::CLASS, to, command })
    }
}

/// What came of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A key pair was made.
    KeyGenerated(super::key_ring::KeyPair),
    /// An outside account's tokens were refreshed, or not; and how often that was sent.
    Refreshed(Result<SealedTokens, RefreshFailure>, u32),
    /// Another server answered, or did not.
    Fetched(Result<HttpResponse, HttpError>),
}

/// A machine without rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoRow {}
