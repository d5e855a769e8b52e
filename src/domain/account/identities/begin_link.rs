//! Stores that the user has confirmed a link, before the browser is sent to the provider. The reply is the secret that
//! the browser must bring back ([`Confirmation::Link`]).

use crate::domain::account::access::{PendingLink, Session, SessionProof};
use crate::domain::account::credentials::{AT_A_PROVIDER, Confirmation, NotConfirmed};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::account::rows::InRow;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Begins a link.
#[derive(Clone, Debug)]
pub struct BeginLink {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The evidence.
    pub confirmation: Confirmation,
}

as_array!(BeginLink { session, confirmation });

session_errors! {
    /// Why the link can't begin.
    BeginLinkError {
        /// There is no evidence beyond the session cookie.
        #[error("the user has not confirmed that it is them")]
        NotConfirmed,
    }
}
from_session_error!(BeginLinkError);

impl From<NotConfirmed> for BeginLinkError {
    fn from(_: NotConfirmed) -> Self {
        Self::NotConfirmed
    }
}

impl Command for BeginLink {
    const NAME: &'static str = "BeginLink";
    const REPLY: Option<&'static str> = Some("LinkConfirmed");
    type Machine = Account;
    type Reply = Secret;
    type Error = BeginLinkError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row()]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let Self { session: proof, confirmation } = self;
        existing(before, |person, rows| {
            let session = proof.find(rows, now)?;
            if matches!(confirmation, Confirmation::Link(_)) {
                return Err(BeginLinkError::NotConfirmed);
            }
            person.check_confirmation(session, &confirmation, now)?;
            let secret = Secret::random(entropy);
            let linking =
                PendingLink { secret: secret.hash(), expires_at: now.plus(AT_A_PROVIDER) };
            let session = Session { linking: Some(linking), ..session.clone() };
            Ok(Step::unchanged(Ok(secret)).put(proof.key(), session.into_row()))
        })
    }
}
