//! How a browser proves its session.

use serde::{Deserialize, Serialize};

use super::session::{self, Session};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::{self, Rows};
use crate::domain::entropy::{self, Entropy};
use crate::domain::machine::RowKeys;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// The content of the session cookie: the number of the session and its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionProof {
    /// The number.
    pub number: u32,
    /// The secret.
    pub secret: Secret,
}

impl SessionProof {
    /// The key of the session's row.
    pub fn key(&self) -> String {
        session::key_of(self.number)
    }

    /// The row to load.
    pub fn row(&self) -> RowKeys {
        RowKeys::One(self.key())
    }

    /// The session that this proves.
    ///
    /// # Errors
    /// [`SessionError::NoSession`].
    pub fn find<'r>(&self, rows: &'r Rows, now: Timestamp) -> Result<&'r Session, SessionError> {
        rows::get::<Session>(rows, &self.key())
            .filter(|session| session.secret.matches(&self.secret) && now < session.expires_at)
            .ok_or(SessionError::NoSession)
    }
}

impl Session {
    /// The same session under a new number and secret, so that a copy of the old cookie stops working. Earlier
    /// confirmations in the session no longer count.
    pub fn renewed(&self, entropy: &dyn Entropy) -> (Self, SessionProof) {
        let number = u32::from_be_bytes(entropy::bytes(entropy));
        let secret = Secret::random(entropy);
        let session = Self {
            secret: secret.hash(),
            confirmed_at: None,
            linking: None,
            grant: None,
            ..self.clone()
        };
        (session, SessionProof { number, secret })
    }
}
