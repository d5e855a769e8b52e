//! The user links an identity at an upstream provider.

use serde::{Deserialize, Serialize};

use super::linked_identity::{self, LinkedIdentity, MAX_IDENTITIES};
use crate::domain::account::access::{Session, SessionProof};
use crate::domain::account::credentials::{Confirmation, NotConfirmed};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::account::rows::{InRow, RowKind};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::identity::{ClaimsUpdate, Identity};
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Links an identity.
#[derive(Clone, Debug)]
pub struct Link {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The request.
    pub request: LinkRequest,
}

as_array!(Link { session, request });

/// A user's request to link an identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkRequest {
    /// The user's identity, from a verified response of the provider.
    pub identity: Identity,
    /// Which claims of the profile the identity updates.
    pub update: ClaimsUpdate,
    /// Evidence that the user requests the link.
    pub confirmation: Confirmation,
}

session_errors! {
    /// Why the identity is not linked.
    LinkError {
        /// There is no evidence beyond the session cookie.
        #[error("the user has not confirmed that it is them")]
        NotConfirmed,
        /// The account has [`MAX_IDENTITIES`] already.
        #[error("at most {MAX_IDENTITIES} identities can be linked")]
        TooManyIdentities,
    }
}
from_session_error!(LinkError);

impl From<NotConfirmed> for LinkError {
    fn from(_: NotConfirmed) -> Self {
        Self::NotConfirmed
    }
}

impl Command for Link {
    const NAME: &'static str = "Link";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = LinkError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row(), RowKeys::All(LinkedIdentity::PREFIX)]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session: proof, request: LinkRequest { identity, update, confirmation } } = self;
        existing(before, |mut person, rows| {
            let session = proof.find(rows, now)?;
            person.check_confirmation(session, &confirmation, now)?;
            let key = linked_identity::key_of(&identity.identifier());
            if !rows.contains_key(&key) && !linked_identity::has_room(rows) {
                return Err(LinkError::TooManyIdentities);
            }
            let event = Event::identity_linked(&person.account, &identity.provider);
            let confirm = person.confirm(&identity);
            // A confirmation counts for one link. The sign-in that confirmed it doesn't confirm other changes.
            let used = Session { linking: None, confirmed_at: None, ..session.clone() };
            // The notice about the lost address is no longer needed: the user has another way to sign in.
            person.address_lost = None;
            let linked = person.take_in(&identity, update, rows, now);
            let change = person.written().put(key, linked.into_row());
            Ok(change
                .put(proof.key(), used.into_row())
                .wants(confirm)
                .records(Some(event))
                .reply(Ok(())))
        })
    }
}
