//! What the inside asks of the outside. `edge/` implements these on Cloudflare, test support in
//! memory.

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
use crate::jose::jwk::Jwk;
use crate::jose::upstream_jwk::{UpstreamJwk, VerificationAlgorithm};
use crate::protocol::client_metadata::SigningAlgorithm;

/// The outside did not answer as it should. The text is for the operator's log alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

impl Unavailable {
    /// Says what failed.
    pub fn new(what: impl std::fmt::Display) -> Self {
        Self(what.to_string())
    }
}

/// What came of a command that was sent to a machine: the machine's own answer within.
pub type SendResult<C> = Result<Result<<C as Command>::Reply, <C as Command>::Error>, Unavailable>;

/// The time.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The longest wait for a point in time. No caller waits for longer, and none waits until a clock that was set back
/// has caught up.
pub const MAX_WAIT: Seconds = Seconds(1);

/// Waits for a point in time.
#[async_trait(?Send)]
pub trait Timer {
    /// Returns at that moment, or at once if it has passed; after [`MAX_WAIT`] at the latest.
    async fn wait_until(&self, moment: Timestamp) -> Result<(), Unavailable>;
}

/// The objects that remember. Commands and answers travel as JSON; [`send`] is the typed way to use
/// this.
#[async_trait(?Send)]
pub trait Objects {
    /// An identifier for an object that does not exist yet.
    fn new_id(&self, class: Class) -> Result<ObjectId, Unavailable>;

    /// The identifier of the object with that name.
    fn id_of_name(&self, class: Class, name: &str) -> Result<ObjectId, Unavailable>;

    /// Sends a command. Where the answer is one that the machine lets wait, it is held until the
    /// state changes, for at most so long. No answer: no object can have that identifier.
    async fn send(
        &self,
        class: Class,
        to: &Address,
        command: String,
        hold: Seconds,
    ) -> Result<Option<String>, Unavailable>;

    /// Whether an answer may be held for a caller who would rather wait: not while so many wait that
    /// memory becomes scarce.
    fn can_hold(&self) -> bool {
        true
    }
}

/// Sends a command to a machine, and lets the answer be held.
///
/// # Errors
/// [`Unavailable`] where the object did not answer; the machine's own error is within.
pub async fn send<C: Command>(
    ports: &Ports<'_>,
    to: &Address,
    command: C,
    hold: Seconds,
) -> SendResult<C> {
    let json = command.write().map_err(Unavailable::new)?;
    match ports.objects.send(C::Machine::CLASS, to, json, hold).await? {
        Some(answer) => message::read_answer::<C>(&answer).map_err(Unavailable::new),
        // A forged identifier: the machine says what it says where it remembers nothing.
        None => Ok(command.decide(Before::nothing(), ports.clock.now(), ports.entropy).reply),
    }
}

/// The clients, as every place reads them from its cache.
#[async_trait(?Send)]
pub trait ClientRegistry {
    /// The client of that name, if the registry has it.
    async fn find(&self, client_id: &str) -> Result<Option<Client>, Unavailable>;

    /// Writes a client.
    async fn put(&self, client: &Client) -> Result<(), Unavailable>;

    /// Removes a client.
    async fn remove(&self, client_id: &str) -> Result<(), Unavailable>;

    /// Removes a client whose record has just changed from this isolate's cache.
    fn forget(&self, client_id: &str);
}

/// The signing keys: reads them, signs and verifies.
#[async_trait(?Send)]
pub trait Signer {
    /// The published keys, among them one that signs with the algorithm.
    async fn keys(&self, alg: SigningAlgorithm) -> Result<Rc<OpenedKeys>, Unavailable>;

    /// The public keys that verify an `id_token_hint` whose key is no longer published.
    async fn hint_keys(&self) -> Result<Rc<HintKeys>, Unavailable>;

    /// Makes a key pair, the private half sealed.
    async fn generate(&self, alg: SigningAlgorithm) -> Result<KeyPair, Unavailable>;

    /// Writes the keys where every isolate reads them.
    async fn publish(&self, keys: &KeySet) -> Result<(), Unavailable>;

    /// Writes the hint keys where every isolate reads them.
    async fn publish_hint_keys(&self, keys: &HintKeys) -> Result<(), Unavailable>;

    /// Signs with a key of the set: the raw signature, as JWS has it (RFC 7518 §3).
    async fn sign(&self, pair: &KeyPair, input: &[u8]) -> Result<Vec<u8>, Unavailable>;

    /// Verifies a signature.
    async fn verify(&self, key: &Jwk, input: &[u8], signature: &[u8]) -> Result<bool, Unavailable>;

    /// Verifies a signature of another server's; false for a key that cannot be used.
    async fn verify_upstream(
        &self,
        key: &UpstreamJwk,
        alg: VerificationAlgorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, Unavailable>;

    /// Signs with a key that another server gave this one (PKCS #8, RFC 5208), by ES256.
    async fn sign_with(&self, pkcs8: &[u8], input: &[u8]) -> Result<Vec<u8>, Unavailable>;
}

/// Other servers. Redirects are not followed, and an answer is read no further than
/// [`MAX_ANSWER`] bytes.
#[async_trait(?Send)]
pub trait Http {
    /// Sends a request. Any status is an answer, except one that points elsewhere.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The largest answer of another server that is read, in bytes.
pub const MAX_ANSWER: usize = 256 * 1024;

/// Who receives the events that are kept.
#[async_trait(?Send)]
pub trait Events {
    /// Takes events of one object, in the order in which they happened. The same events may come again, and others
    /// after them: a receiver knows an event by its ID.
    ///
    /// # Errors
    /// [`Unavailable`], if not all of them arrived: then all of them come again before any later one.
    async fn record(&self, events: &[Recorded]) -> Result<(), Unavailable>;
}

/// The operator's log.
pub trait Log {
    /// Something that is ours went wrong. Never a secret, never what a caller sent.
    fn error(&self, message: &str);

    /// Like [`Log::error`], but for stored data that can't be read or opened. Also counts it.
    fn unreadable(&self, message: &str);

    /// An event ([`Recorded`]), as one line of JSON.
    fn event(&self, line: &str);
}

/// All of the outside.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The time.
    pub clock: &'a dyn Clock,
    /// The timer.
    pub timer: &'a dyn Timer,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// What remembers.
    pub objects: &'a dyn Objects,
    /// The clients.
    pub clients: &'a dyn ClientRegistry,
    /// The keys.
    pub signer: &'a dyn Signer,
    /// Other servers.
    pub http: &'a dyn Http,
    /// Who receives events.
    pub events: &'a dyn Events,
    /// The log.
    pub log: &'a dyn Log,
}
