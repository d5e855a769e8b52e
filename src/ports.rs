//! The interfaces to the outside. `edge/` implements them on Cloudflare, the tests in memory.

use std::rc::Rc;

use async_trait::async_trait;

use crate::domain::client::Client;
use crate::domain::entropy::Entropy;
use crate::domain::event::Recorded;
use crate::domain::http::{HttpError, HttpRequest, HttpResponse};
use crate::domain::key_ring::{HintKeys, KeyPair, KeySet, OpenedKeys};
use crate::domain::machine::{Address, Before, Class, Command, Machine, message};
use crate::domain::time::{Seconds, Timestamp};
use crate::domain::token::ObjectId;
use crate::jose::foreign_key::ForeignKey;
use crate::jose::jwk::Jwk;
use crate::protocol::client_metadata::SigningAlgorithm;
use crate::tenant::ObjectName;

/// Something outside failed. The text is only for the operator's log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

impl Unavailable {
    /// An error with this text.
    pub fn new(what: impl std::fmt::Display) -> Self {
        Self(what.to_string())
    }
}

/// The result of sending a command: the machine's answer, unless it couldn't be reached.
pub type SendResult<C> = Result<Result<<C as Command>::Reply, <C as Command>::Error>, Unavailable>;

/// The time.
pub trait Clock {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The longest wait for a point in time. No caller waits for longer, and none waits until a clock that was set back
/// has caught up.
pub const MAX_WAIT: Seconds = Seconds(1);

/// Waits for a point in time.
#[async_trait(?Send)]
pub trait Timer {
    /// Returns at that time, or immediately if it has passed; after [`MAX_WAIT`] at the latest.
    async fn wait_until(&self, moment: Timestamp) -> Result<(), Unavailable>;
}

/// The objects that host machines: those of one tenant, under names that [`Tenant::object`](crate::tenant::Tenant::object) completes. Commands and replies are JSON; [`send`] is the typed way to use this.
#[async_trait(?Send)]
pub trait Objects {
    /// A new ID for an object that doesn't exist yet.
    fn new_id(&self, class: Class) -> Result<ObjectId, Unavailable>;

    /// The ID of the object with this name.
    fn id_of_name(&self, class: Class, name: &ObjectName) -> Result<ObjectId, Unavailable>;

    /// Sends a command. If the machine allows it, the reply is held for up to `hold` seconds, until the state changes.
    /// `None` if no object can have that ID.
    async fn send(
        &self,
        class: Class,
        to: &Address,
        command: String,
        hold: Seconds,
    ) -> Result<Option<String>, Unavailable>;

    /// Whether replies may be held. False while so many requests wait that memory gets short.
    fn can_hold(&self) -> bool {
        true
    }
}

/// Sends a command to a machine. The reply may be held.
///
/// # Errors
/// [`Unavailable`] if the object can't be reached. The machine's own error is in the inner result.
pub async fn send<C: Command>(
    ports: &Ports<'_>,
    to: &Address,
    command: C,
    hold: Seconds,
) -> SendResult<C> {
    let json = command.write().map_err(Unavailable::new)?;
    match ports.objects.send(C::Machine::CLASS, to, json, hold).await? {
        Some(answer) => message::read_answer::<C>(&answer).map_err(Unavailable::new),
        // The ID is forged: reply as an object that stores nothing.
        None => Ok(command.decide(Before::nothing(), ports.clock.now(), ports.entropy).reply),
    }
}

/// The registry of a tenant's clients in KV, cached by each isolate.
#[async_trait(?Send)]
pub trait ClientRegistry {
    /// The client with this ID, if the registry has it.
    async fn find(&self, client_id: &str) -> Result<Option<Client>, Unavailable>;

    /// Writes a client to the registry.
    async fn put(&self, client: &Client) -> Result<(), Unavailable>;

    /// Removes a client from the registry.
    async fn remove(&self, client_id: &str) -> Result<(), Unavailable>;

    /// Removes a client from this isolate's cache, because its record has just changed.
    fn forget(&self, client_id: &str);
}

/// The signing keys: reads and creates them, signs and verifies.
#[async_trait(?Send)]
pub trait Signer {
    /// The published keys, including one that signs with this algorithm.
    async fn keys(&self, alg: SigningAlgorithm) -> Result<Rc<OpenedKeys>, Unavailable>;

    /// The public keys that verify an `id_token_hint` whose key is no longer published.
    async fn hint_keys(&self) -> Result<Rc<HintKeys>, Unavailable>;

    /// Generates a key pair with a sealed private half.
    async fn generate(&self, alg: SigningAlgorithm) -> Result<KeyPair, Unavailable>;

    /// Publishes the keys for every isolate.
    async fn publish(&self, keys: &KeySet) -> Result<(), Unavailable>;

    /// Publishes the hint keys for every isolate.
    async fn publish_hint_keys(&self, keys: &HintKeys) -> Result<(), Unavailable>;

    /// Signs with a key of the set. Returns the raw signature, as in a JWS (RFC 7518 §3).
    async fn sign(&self, pair: &KeyPair, input: &[u8]) -> Result<Vec<u8>, Unavailable>;

    /// Verifies a signature of this server.
    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable>;

    /// Verifies a signature that someone else made, by the algorithm that the key was checked for. False if the
    /// platform can't use the key.
    async fn verify_foreign(
        &self,
        key: &ForeignKey,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable>;

    /// Signs with ES256 and a private key that another server issued to this one (PKCS #8, RFC 5208).
    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable>;
}

/// Requests to other servers. Redirects are not followed, and a response larger than [`MAX_ANSWER`] is an error.
#[async_trait(?Send)]
pub trait Http {
    /// Sends a request. A response with any status is returned, except a redirect.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The largest response of another server that is read, in bytes.
pub const MAX_ANSWER: usize = 256 * 1024;

/// The receiver of the events that are kept.
#[async_trait(?Send)]
pub trait Events {
    /// Takes events of one object, in the order in which they happened. The same events may come again, followed by
    /// others: a receiver recognizes an event by its ID.
    ///
    /// # Errors
    /// [`Unavailable`], if not all of them arrived. Then all of them are sent again before any later one.
    async fn record(&self, events: &[Recorded]) -> Result<(), Unavailable>;
}

/// The operator's log.
pub trait Log {
    /// An internal error. Never contains a secret or text that a caller sent.
    fn error(&self, message: &str);

    /// Like [`Log::error`], but for stored data that can't be read or opened. Also counts it.
    fn unreadable(&self, message: &str);

    /// An event ([`Recorded`]), as one line of JSON.
    fn event(&self, line: &str);
}

/// All interfaces to the outside, for one tenant.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The time.
    pub clock: &'a dyn Clock,
    /// The timer.
    pub timer: &'a dyn Timer,
    /// The source of random bytes.
    pub entropy: &'a dyn Entropy,
    /// The objects that host machines.
    pub objects: &'a dyn Objects,
    /// The clients.
    pub clients: &'a dyn ClientRegistry,
    /// The signing keys.
    pub signer: &'a dyn Signer,
    /// Other servers.
    pub http: &'a dyn Http,
    /// The receiver of events.
    pub events: &'a dyn Events,
    /// The log.
    pub log: &'a dyn Log,
}
